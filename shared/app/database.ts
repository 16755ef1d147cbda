import { randomUUID } from "node:crypto";
import bcrypt from "bcrypt";
import { z } from "zod";

export interface User {
  id: string;
  /** Trimmed and in lower case; the repository compares it exactly. */
  email: string;
  displayName: string;
  role: "member" | "admin";
  /** A bcrypt hash. It never leaves the server, and no session needs it. */
  passwordHash: string;
  /** Whoever is banned keeps the account, and cannot use it. */
  banned: boolean;
}

/** The people who can log in. Asynchronous, so that a real database fits behind it. */
export interface UserRepository {
  findByEmail(email: string): Promise<User | undefined>;
  /**
   * As the last change left the user, whoever made it: read past any cache, replica or transaction of this
   * request. That a ban or a new password holds at once depends on it.
   */
  findById(id: string): Promise<User | undefined>;
  /**
   * Resolves to the changed user, or to undefined when nobody has that id. Bans go through `ban`.
   *
   * @throws {Error} When the email is none, or somebody else's.
   */
  update(id: string, changes: Partial<Omit<User, "id" | "banned">>): Promise<User | undefined>;
  /**
   * Stores a new password, hashed. Resolves to the changed user, or to undefined when the user is gone or
   * has another password by now than the one that was read: of two changes at a time, one wins.
   *
   * @param user As it was when the current password was compared.
   * @throws {Error} As `add` does.
   */
  changePassword(
    user: Pick<User, "id" | "passwordHash">,
    newPassword: string,
  ): Promise<User | undefined>;
  /**
   * Bans a user, unless nobody could lift the ban: of the administrators, one stays. Of the last two, who
   * ban each other at a time, the second is refused.
   */
  ban(id: string): Promise<"banned" | "unknown" | "last administrator">;
  /** Resolves to whether there is such a user. */
  unban(id: string): Promise<boolean>;
  /**
   * Stores the user, with a hash in place of the password. The email is stored trimmed and in lower case.
   *
   * @throws {Error} When the email is none, when it or the id is somebody's, or when a password that comes
   *   without its hash is empty or longer than the 72 bytes that bcrypt reads.
   */
  add(person: NewUser): Promise<User>;
  remove(id: string): Promise<void>;
}

export interface NewUser {
  /** Made up when it is left out. */
  id?: string;
  email: string;
  password: string;
  /** Made from the password when it is left out. */
  passwordHash?: string;
  displayName: string;
  role?: User["role"];
}

export interface Database {
  users: UserRepository;
  /** The cost of every hash in this database: each step up doubles the time of a guess. */
  bcryptCost: number;
}

/**
 * Who is in a new database. The passwords are public: this is a workshop. The ids stay the same, so
 * that a session survives a restart together with its user.
 */
export const seededUsers = {
  ada: {
    id: "ada00000-1815-4000-8000-000000000001",
    email: "ada@example.com",
    password: "analytical engine",
    displayName: "Ada",
    role: "member",
  },
  grace: {
    id: "97ace000-1906-4000-8000-000000000002",
    email: "grace@example.com",
    password: "nanosecond wire",
    displayName: "Grace",
    role: "admin",
  },
  alan: {
    id: "a1a00000-1912-4000-8000-000000000003",
    email: "alan@example.com",
    password: "universal machine",
    displayName: "Alan",
    role: "member",
  },
} as const satisfies Record<string, NewUser>;

/**
 * A database in memory: it starts with the seeded users (Grace is the administrator) and forgets
 * everything else when the process ends.
 *
 * @param options.bcryptCost 10 takes about 60 ms per hash, 4 (the least) about 1 ms: for tests.
 * @param options.people Who is in it, instead of everybody.
 */
export async function createDatabase({
  bcryptCost = 10,
  people = Object.values(seededUsers) as readonly NewUser[],
} = {}): Promise<Database> {
  const users = createUserRepository(bcryptCost);
  await Promise.all(people.map((person) => users.add(person)));
  return { users, bcryptCost };
}

function createUserRepository(bcryptCost: number): UserRepository {
  const byId = new Map<string, User>();
  // Callers get copies, as they would from a real database: changing one changes nobody.
  const copy = (user: User | undefined) => user && { ...user };
  const hash = (password: string) => bcrypt.hash(passwordOf(password), bcryptCost);
  const withEmail = (email: string) => [...byId.values()].find((user) => user.email === email);

  return {
    async findByEmail(email) {
      return copy(withEmail(email));
    },
    async findById(id) {
      return copy(byId.get(id));
    },
    async update(id, changes) {
      const user = byId.get(id);
      if (user) {
        const email = emailOf(changes.email ?? user.email);
        const owner = withEmail(email) ?? user;
        if (owner.id !== id) throw new Error("Somebody else has this email address.");
        byId.set(id, { ...user, ...changes, email, id, banned: user.banned });
      }
      return copy(byId.get(id));
    },
    async changePassword({ id, passwordHash }, newPassword) {
      const newHash = await hash(newPassword);
      // Hashing took its time. From here on nobody comes in between.
      const user = byId.get(id);
      if (user?.passwordHash !== passwordHash) return undefined;
      byId.set(id, { ...user, passwordHash: newHash });
      return copy(byId.get(id));
    },
    async ban(id) {
      const user = byId.get(id);
      if (!user) return "unknown";
      const others = [...byId.values()].filter((other) => other.id !== id);
      if (user.role === "admin" && !others.some(isActiveAdmin)) return "last administrator";
      byId.set(id, { ...user, banned: true });
      return "banned";
    },
    async unban(id) {
      const user = byId.get(id);
      if (user) byId.set(id, { ...user, banned: false });
      return user !== undefined;
    },
    async add({ id = randomUUID(), email, password, passwordHash, displayName, role = "member" }) {
      email = emailOf(email);
      passwordHash ??= await hash(password);
      if (withEmail(email) || byId.has(id)) {
        throw new Error("There is a user with this email address or id.");
      }
      const user: User = { id, email, displayName, role, passwordHash, banned: false };
      byId.set(user.id, user);
      return { ...user };
    },
    async remove(id) {
      byId.delete(id);
    },
  };
}

function isActiveAdmin({ role, banned }: User): boolean {
  return role === "admin" && !banned;
}

// What an email and a password are is decided here, whatever a route forgets to check.

const Email = z.string().trim().toLowerCase().pipe(z.email());

function emailOf(text: string): string {
  const email = Email.safeParse(text);
  if (!email.success) throw new Error("A user needs an email address.");
  return email.data;
}

function passwordOf(text: string): string {
  // As the login does, at the other end. NFC and not NFKC, which would also make a ² a 2 (NIST SP
  // 800-63B section 3.1.1.2, RFC 8265).
  const password = text.normalize("NFC");
  const bytes = Buffer.byteLength(password);
  if (bytes === 0) throw new Error("A user needs a password.");
  if (bytes > 72) {
    throw new Error(`A password may have 72 bytes, and not ${bytes}: bcrypt ignores the rest.`);
  }
  return password;
}
