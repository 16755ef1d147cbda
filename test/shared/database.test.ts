import bcrypt from "bcrypt";
import { beforeAll, expect, test } from "vitest";
import { createDatabase, seededUsers, type Database } from "../../shared/app/database.ts";

const { ada, grace } = seededUsers;
const katherine = {
  email: "katherine@example.com",
  password: "trajectory",
  displayName: "Katherine",
};

let db: Database;

beforeAll(async () => {
  db = await createDatabase({ bcryptCost: 4 });
});

test("a new database knows the seeded users, under ids that stay", async () => {
  const other = await createDatabase({ bcryptCost: 4 });
  for (const { id, email, displayName, role } of Object.values(seededUsers)) {
    for (const { users } of [db, other]) {
      expect(await users.findByEmail(email)).toMatchObject({ id, email, displayName, role });
      expect((await users.findById(id))?.email).toBe(email);
    }
  }
});

test("a hash matches its user's password and nobody else's", async () => {
  const hash = (await db.users.findByEmail(ada.email))?.passwordHash ?? "";
  expect(await bcrypt.compare(ada.password, hash)).toBe(true);
  expect(await bcrypt.compare(grace.password, hash)).toBe(false);
});

test("hashes have the cost of their database", async () => {
  const other = await createDatabase({ bcryptCost: 5 });
  for (const [{ users, bcryptCost }, cost] of [
    [db, 4],
    [other, 5],
  ] as const) {
    expect(bcryptCost).toBe(cost);
    expect(bcrypt.getRounds((await users.findByEmail(ada.email))?.passwordHash ?? "")).toBe(cost);
    expect(bcrypt.getRounds((await users.add(katherine)).passwordHash)).toBe(cost);
  }
});

test("an unknown email resolves to undefined", async () => {
  for (const email of ["nobody@example.com", "", "ada@example.co", "%"]) {
    expect(await db.users.findByEmail(email), email).toBeUndefined();
  }
});

test("an email is compared exactly", async () => {
  for (const email of ["Ada@example.com", " ada@example.com", "ada@example.com\n"]) {
    expect(await db.users.findByEmail(email), email).toBeUndefined();
  }
});

test("an unknown id resolves to undefined", async () => {
  for (const id of ["", "nobody", ada.email, "__proto__", "constructor", `${ada.id} `]) {
    expect(await db.users.findById(id), id).toBeUndefined();
  }
});

test("something else than a string is nobody", async () => {
  for (const key of [undefined, null, {}, [ada.id], { $ne: null }] as never[]) {
    expect(await db.users.findById(key)).toBeUndefined();
    expect(await db.users.findByEmail(key)).toBeUndefined();
    expect(await db.users.update(key, { role: "admin" })).toBeUndefined();
  }
});

test.for([
  { from: "findById", get: (id: string) => db.users.findById(id) },
  {
    from: "findByEmail",
    get: async (id: string) =>
      db.users.findByEmail((await db.users.findById(id))?.email ?? "nobody"),
  },
  { from: "update", get: (id: string) => db.users.update(id, {}) },
])("changing a user from $from changes nobody", async ({ get }) => {
  const { id } = await db.users.add({ ...katherine, email: `${Math.random()}@example.com` });
  const user = await get(id);
  Object.assign(user ?? {}, { role: "admin", id: "somebody else" });
  expect(await db.users.findById(id)).toMatchObject({ id, role: "member" });
});

test("changing a user from add changes nobody", async () => {
  const user = await db.users.add({ ...katherine, email: "creola@example.com" });
  const { id } = user;
  user.role = "admin";
  expect((await db.users.findById(id))?.role).toBe("member");
});

test("an update resolves to the changed user, and leaves other fields and users alone", async () => {
  const { users } = await createDatabase({ bcryptCost: 4 });
  const [before, other] = [await users.findById(ada.id), await users.findById(grace.id)];
  const after = await users.update(ada.id, { displayName: "Countess" });
  expect(after).toEqual({ ...before, displayName: "Countess" });
  expect(await users.findById(ada.id)).toEqual(after);
  expect(await users.findById(grace.id)).toEqual(other);
});

test("an update cannot change the id", async () => {
  const { users } = await createDatabase({ bcryptCost: 4 });
  const changes = { displayName: "Countess", id: grace.id };
  expect((await users.update(ada.id, changes))?.id).toBe(ada.id);
  expect((await users.findById(grace.id))?.email).toBe(grace.email);
});

test("an update of nobody resolves to undefined and adds nobody", async () => {
  expect(await db.users.update("nobody", { email: "new@example.com" })).toBeUndefined();
  expect(await db.users.findByEmail("new@example.com")).toBeUndefined();
});

test("after a change of email, the user is found under the new one alone", async () => {
  const { users } = await createDatabase({ bcryptCost: 4 });
  await users.update(ada.id, { email: "countess@example.com" });
  expect((await users.findByEmail("countess@example.com"))?.id).toBe(ada.id);
  expect(await users.findByEmail(ada.email)).toBeUndefined();
});

test("somebody new is a member with an id of their own, unless it says otherwise", async () => {
  const { users } = await createDatabase({ bcryptCost: 4 });
  const first = await users.add(katherine);
  const second = await users.add({ ...katherine, email: "johnson@example.com" });
  expect(first.role).toBe("member");
  expect(first.id).toMatch(/^[\da-f-]{36}$/);
  expect(second.id).not.toBe(first.id);
  const dorothy = { ...katherine, email: "dorothy@example.com" };
  const named = await users.add({ ...dorothy, id: "k-1", role: "admin" });
  expect(named).toMatchObject({ id: "k-1", role: "admin" });
});

test("an email belongs to one user, and so does an id", async () => {
  const { users } = await createDatabase({ bcryptCost: 4 });
  const again = { ...katherine, email: " ADA@example.com" };
  await expect(users.add(again)).rejects.toThrow("email address or id");
  await expect(users.add({ ...katherine, id: ada.id })).rejects.toThrow("email address or id");
  const twice = await Promise.allSettled([users.add(katherine), users.add(katherine)]);
  expect(twice.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
  await expect(users.update(grace.id, { email: ada.email })).rejects.toThrow("Somebody else");
  expect((await users.update(ada.id, { email: ada.email }))?.id).toBe(ada.id);
});

test("no user carries the password", async () => {
  const user = await db.users.add({ ...katherine, email: "goble@example.com" });
  expect(JSON.stringify(user)).not.toContain(katherine.password);
  expect(JSON.stringify(await db.users.findById(user.id))).not.toContain(katherine.password);
});

test.for([
  { what: "no password", person: { password: "" }, says: "needs a password" },
  { what: "73 bytes", person: { password: "x".repeat(73) }, says: "and not 73: bcrypt ignores" },
  { what: "87 bytes", person: { password: "ö".repeat(43) + "x" }, says: "and not 87" },
  { what: "no email", person: { email: "" }, says: "needs an email" },
  { what: "a name as email", person: { email: "katherine" }, says: "needs an email" },
])("nobody is added with $what", async ({ person, says }) => {
  const { users } = await createDatabase({ bcryptCost: 4, people: [] });
  await expect(users.add({ ...katherine, ...person })).rejects.toThrow(says);
});

test("an email is stored trimmed and in lower case, at first and when it changes", async () => {
  const { users } = await createDatabase({ bcryptCost: 4, people: [] });
  const { id } = await users.add({ ...katherine, email: " Katherine@Example.com" });
  expect((await users.findByEmail("katherine@example.com"))?.id).toBe(id);
  await users.update(id, { email: "KJ@example.com " });
  expect((await users.findByEmail("kj@example.com"))?.id).toBe(id);
  await expect(users.update(id, { email: "nowhere" })).rejects.toThrow("needs an email");
});

test("a password is hashed in NFC, and nothing further is made alike", async () => {
  const { users } = await createDatabase({ bcryptCost: 4, people: [] });
  const { passwordHash } = await users.add({ ...katherine, password: "cafe\u0301 ﬁne" });
  expect(await bcrypt.compare("caf\u00e9 ﬁne", passwordHash)).toBe(true);
  expect(await bcrypt.compare("caf\u00e9 fine", passwordHash)).toBe(false);
});

test("the same password twice makes two hashes", async () => {
  const first = await db.users.add({ ...katherine, email: "one@example.com" });
  const second = await db.users.add({ ...katherine, email: "two@example.com" });
  expect(first.passwordHash).not.toBe(second.passwordHash);
});

test("a changed password is hashed, and the old one is gone", async () => {
  const { users } = await createDatabase({ bcryptCost: 4 });
  const before = await users.add(katherine);
  const changed = await users.changePassword(before, "cafe\u0301 and pie");
  expect(changed?.passwordHash).toBe((await users.findById(before.id))?.passwordHash);
  expect(await bcrypt.compare("caf\u00e9 and pie", changed?.passwordHash ?? "")).toBe(true);
  expect(await bcrypt.compare(katherine.password, changed?.passwordHash ?? "")).toBe(false);
  expect(bcrypt.getRounds(changed?.passwordHash ?? "")).toBe(4);
});

test("of two changes of a password at a time, one wins", async () => {
  const { users } = await createDatabase({ bcryptCost: 4 });
  const before = await users.add(katherine);
  const results = await Promise.all(
    ["one password", "another password"].map((each) => users.changePassword(before, each)),
  );
  expect(results.filter(Boolean)).toHaveLength(1);
  expect(results).toContainEqual(await users.findById(before.id));
});

test("whoever is gone gets no new password", async () => {
  const { users } = await createDatabase({ bcryptCost: 4 });
  const before = await users.add(katherine);
  await users.remove(before.id);
  expect(await users.changePassword(before, "another password")).toBeUndefined();
  expect(await users.findById(before.id)).toBeUndefined();
});

test("a new password that cannot be hashed whole changes nothing", async () => {
  const { users } = await createDatabase({ bcryptCost: 4 });
  const before = await users.add(katherine);
  for (const password of ["", "x".repeat(73)]) {
    await expect(users.changePassword(before, password)).rejects.toThrow("password");
  }
  expect(await users.findById(before.id)).toEqual(before);
});

test("a ban lasts until it is lifted, and changes nothing else", async () => {
  const { users } = await createDatabase({ bcryptCost: 4 });
  const before = await users.findById(ada.id);
  expect(before?.banned).toBe(false);
  expect(await users.ban(ada.id)).toBe("banned");
  expect(await users.ban(ada.id)).toBe("banned");
  expect(await users.findById(ada.id)).toEqual({ ...before, banned: true });
  expect(await users.unban(ada.id)).toBe(true);
  expect(await users.unban(ada.id)).toBe(true);
  expect(await users.findById(ada.id)).toEqual(before);
});

test("an update neither bans nor lifts a ban", async () => {
  const { users } = await createDatabase({ bcryptCost: 4 });
  await users.update(ada.id, { banned: true } as never);
  expect((await users.findById(ada.id))?.banned).toBe(false);
  await users.ban(ada.id);
  await users.update(ada.id, { displayName: "Countess", banned: false } as never);
  expect(await users.findById(ada.id)).toMatchObject({ displayName: "Countess", banned: true });
});

test("nobody with that id is neither banned nor unbanned", async () => {
  for (const id of ["nobody", "", "__proto__"]) {
    expect(await db.users.ban(id)).toBe("unknown");
    expect(await db.users.unban(id)).toBe(false);
  }
});

test("the last administrator who is not banned stays", async () => {
  const { users } = await createDatabase({ bcryptCost: 4 });
  expect(await users.ban(grace.id)).toBe("last administrator");
  await users.update(ada.id, { role: "admin" });
  expect(await Promise.all([users.ban(grace.id), users.ban(ada.id)])).toEqual([
    "banned",
    "last administrator",
  ]);
  await users.unban(grace.id);
  expect(await users.ban(ada.id)).toBe("banned");
  expect(await users.ban(grace.id)).toBe("last administrator");
});

test("a removed user is nobody, and removing nobody is harmless", async () => {
  const { users } = await createDatabase({ bcryptCost: 4 });
  await users.remove(ada.id);
  await users.remove("nobody");
  expect(await users.findById(ada.id)).toBeUndefined();
  expect(await users.findByEmail(ada.email)).toBeUndefined();
  expect(await users.findById(grace.id)).toBeDefined();
});

test("databases know nothing of each other", async () => {
  const other = await createDatabase({ bcryptCost: 4 });
  await other.users.remove(ada.id);
  expect(await db.users.findById(ada.id)).toBeDefined();
});
