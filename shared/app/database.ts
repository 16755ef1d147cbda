import { randomUUID } from "node:crypto";
import bcrypt from "bcrypt";

export interface User {
  id: string;
  /** Trimmed and in lower case; the repository compares it exactly. */
  email: string;
  displayName: string;
  role: "member" | "admin";
  /** A bcrypt hash. It never leaves the server, and no session needs it. */
  passwordHash: string;
}

/** The people who can log in. Asynchronous, so that a real database fits behind it. */
export interface UserRepository {
  findByEmail(email: string): Promise<User | undefined>;
  findById(id: string): Promise<User | undefined>;
  /** Resolves to the changed user, or to undefined when nobody has that id. */
  update(id: string, changes: Partial<Omit<User, "id">>): Promise<User | undefined>;
  /** Hashes the password and stores the user. */
  add(person: NewUser): Promise<User>;
  remove(id: string): Promise<void>;
}

export interface NewUser {
  email: string;
  password: string;
  displayName: string;
  role?: User["role"];
}

export interface Database {
  users: UserRepository;
  /** The cost of every hash in this database: each step up doubles the time of a guess. */
  bcryptCost: number;
}

/** Who is in a new database. The passwords are public: this is a workshop. */
export const seededUsers = {
  ada: { email: "ada@example.com", password: "analytical engine", displayName: "Ada" },
  grace: { email: "grace@example.com", password: "nanosecond wire", displayName: "Grace" },
  alan: { email: "alan@example.com", password: "universal machine", displayName: "Alan" },
} as const satisfies Record<string, NewUser>;

/**
 * A database in memory: it starts with the seeded users (Grace is the administrator) and forgets
 * everything else when the process ends.
 *
 * @param options.bcryptCost 10 takes about 60 ms per hash, 4 (the least) about 1 ms: for tests.
 */
export async function createDatabase({ bcryptCost = 10 } = {}): Promise<Database> {
  const users = createUserRepository(bcryptCost);
  await Promise.all([
    users.add(seededUsers.ada),
    users.add({ ...seededUsers.grace, role: "admin" }),
    users.add(seededUsers.alan),
  ]);
  return { users, bcryptCost };
}

function createUserRepository(bcryptCost: number): UserRepository {
  const byId = new Map<string, User>();
  // Callers get copies, as they would from a real database: changing one changes nobody.
  const copy = (user: User | undefined) => user && { ...user };

  return {
    async findByEmail(email) {
      return copy([...byId.values()].find((user) => user.email === email));
    },
    async findById(id) {
      return copy(byId.get(id));
    },
    async update(id, changes) {
      const user = byId.get(id);
      if (user) byId.set(id, { ...user, ...changes, id });
      return copy(byId.get(id));
    },
    async add({ email, password, displayName, role = "member" }) {
      const passwordHash = await bcrypt.hash(password, bcryptCost);
      const user: User = { id: randomUUID(), email, displayName, role, passwordHash };
      byId.set(user.id, user);
      return { ...user };
    },
    async remove(id) {
      byId.delete(id);
    },
  };
}
