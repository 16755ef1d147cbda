import type { Mistake } from "../grading/catalogue.ts";

const deleteThem = `\
    // The sessions first: an entry without a session harms nobody, a session without one stays for good.
    await redis.del(...keys);
    await redis.zrem(index, ...keys);
`;

const readIndex = '    const keys = await redis.zrange(index, "0", "999");\n';
// What ends the sessions of a user, but for one that its caller names.
const sparingOne: Mistake["edits"] = [
  [
    "async (userId: string): Promise<void> =>",
    'async (userId: string, kept = ""): Promise<void> =>',
  ],
  [
    readIndex,
    readIndex.replace('"999")', '"999").then((all) => all.filter((key) => key !== kept))'),
  ],
];

const prune = '      .zremrangebyscore(index, "-inf", Date.now() - graceMs)\n';

const prolong =
  '    transaction.zadd(index, "XX", endOf(ttlSeconds), key).expire(index, indexLifeSeconds);\n';

const everywhere = `\
    await endSessionsOf(req.user.id);
    await endSession(req, res);
    res.status(204).end();
`;

const endAfterChange = `\
      // The password first: whoever logs in with the old one from here on is noticed.
      if (user) await endSessionsOf(user.id);
`;

const change = "matches && (await db.users.changePassword(req.user, newPassword))";

const refusal = `\
    // Whoever knows the password may know why.
    if (user.banned) {
      res.status(403).json({ error: { code: "banned" } });
      return;
    }
`;

const lookAgain =
  "    if (now && !now.banned && now.passwordHash === user.passwordHash) return true;\n";

const guard = `\
    if (!user || user.banned) {
      if (userId) await endSession(req, res);
`;

const endAfterBan = `\
      // \`requireAuth\` refuses them anyway. Without this, they would be back when the ban is lifted.
      await endSessionsOf(id);
`;

const guards = "    .all(requireAuth, requireAdmin)\n";

const halfway =
  "a store that fails halfway is an error, and nothing escapes the next attempt" as const;
const underWay = "a login under way survives neither a new password nor a ban" as const;
const newPassword =
  "a new password ends every other session, and this one goes on under a new id" as const;

export const mistakes: readonly Mistake[] = [
  {
    name: "a ban is left to the index",
    edits: [["    if (!user || user.banned) {", "    if (!user) {"]],
    goal: "While an administrator changes the user",
    says: "somebody who was banned by another program is still let in",
  },
  {
    name: "a login that loses is told that it succeeded",
    edits: [
      [
        "    await endSession(req, res);\n    return false;\n",
        "    await endSession(req, res);\n    return true;\n",
      ],
    ],
    goal: "While somebody logs in",
    says: "a login that loses against",
  },
  {
    name: "lifting nobody's ban is done",
    edits: [
      [
        "      if (found) res.status(204).end();",
        "      if (found || true) res.status(204).end();",
      ],
    ],
    goal: "With inputs of every kind",
    says: "DELETE /admin/users/",
  },
  {
    name: "a logout deletes the whole index",
    edits: [
      [
        "    commands.zrem(indexOf(userId), key);\n",
        "    void key;\n    commands.del(indexOf(userId));\n",
      ],
    ],
    goal: "On many devices, at two processes",
    says: "of 140 is still logged in",
  },
  {
    name: "the current password has to keep the rules for new ones",
    edits: [["  currentPassword: Password,", "  currentPassword: Password.min(8),"]],
    goal: "With passwords of every kind",
    says: "whoever has a password of 3 characters cannot change it",
  },
  {
    name: "the current password is compared when it is sent",
    edits: [
      ["  currentPassword: Password,", "  currentPassword: Password.optional(),"],
      [
        "      const matches = await bcrypt.compare(currentPassword, req.user.passwordHash);",
        "      const matches = currentPassword === undefined || (await bcrypt.compare(currentPassword, req.user.passwordHash));",
      ],
    ],
    goal: "With passwords of every kind",
    says: "a new password is taken with nothing for the current one",
  },
  {
    name: "the guard of administrators goes by the text of the path",
    edits: [
      [
        "    .all(requireAuth, requireAdmin)\n",
        '    .all((req, res, next) =>\n      req.path.startsWith("/admin/") ? void requireAuth(req, res, () => requireAdmin(req, res, next)) : next(),\n    )\n',
      ],
    ],
    goal: "Written in another way",
    says: "bans for somebody who is no administrator",
  },
  {
    name: "a login that comes too late logs everybody out",
    edits: [
      [
        "    await endSession(req, res);\n    return false;\n",
        "    await endSessionsOf(user.id);\n    await endSession(req, res);\n    return false;\n",
      ],
    ],
    goal: "While somebody logs in",
    says: "whoever changes the password is logged out by a login with the old one",
  },
  {
    name: "an error takes the new password back",
    edits: [
      [
        "      if (user) await endSessionsOf(user.id);\n",
        "      try {\n        if (user) await endSessionsOf(user.id);\n      } catch (error) {\n        if (user) await db.users.changePassword(user, currentPassword);\n        throw error;\n      }\n",
      ],
    ],
    goal: "When one thing fails halfway",
    says: "an error takes the new password back",
  },
  {
    name: "the sessions end, and then the ban is refused",
    edits: [
      [
        "      const outcome = await db.users.ban(id);\n",
        "      await endSessionsOf(id);\n      const outcome = await db.users.ban(id);\n",
      ],
    ],
    goal: "the last administrator cannot be locked out",
    says: "Refused, a ban ends sessions all the same",
  },
  {
    name: "the second look forgets the ban",
    edits: [["if (now && !now.banned && now.passwordHash", "if (now && now.passwordHash"]],
    goal: "a login under way survives neither a new password nor a ban",
    says: "A login that is about to be stored survives a ban",
  },
  {
    name: "whatever is no POST lifts a ban",
    edits: [["    .delete(async (req, res) => {", "    .all(async (req, res) => {"]],
    goal: "By another method",
    says: "a method beside POST and DELETE lifts a ban",
  },
  {
    name: "the body is looked at before the guard",
    edits: [
      [
        "    requireAuth,\n    limitConcurrency(16),\n    validate({ body: PasswordChangeSchema }),\n",
        "    validate({ body: PasswordChangeSchema }),\n    requireAuth,\n    limitConcurrency(16),\n",
      ],
    ],
    goal: "No standing rule is broken, on any path",
    says: "POST /me/password answers 400 to somebody who brings no session",
  },
  {
    name: "logging out everywhere is a logout",
    edits: [[everywhere, everywhere.replace("    await endSessionsOf(req.user.id);\n", "")]],
    goal: "logging out everywhere ends every session of this user",
    says: "leaves another device in",
  },
  {
    name: "all sessions but this one",
    edits: [
      [
        "await endSessionsOf(req.user.id);\n    await endSession(req, res);",
        "await endSessionsOf(req.user.id, `sess:${req.sessionID}`);",
      ],
      ...sparingOne,
    ],
    goal: "logging out everywhere ends every session of this user",
    says: "spares this device",
  },
  {
    name: "the cookie is not cleared",
    edits: [[everywhere, everywhere.replace("endSession(req, res)", "destroySession(req)")]],
    goal: "logging out everywhere ends every session of this user",
    says: "The browser keeps its cookie",
  },
  {
    name: "a pattern without the client's prefix",
    edits: [[readIndex, '    const keys = await redis.keys("sess:*");\n']],
    goal: "logging out everywhere ends every session of this user",
    says: "leaves another device in",
  },
  {
    name: "the index in the memory of a process",
    edits: [
      [
        "const indexOf = (userId: string) => `sessions:${userId}`;\n",
        "const indexOf = (userId: string) => `sessions:${userId}`;\nconst lists = new Map<string, Set<string>>();\n",
      ],
      [
        "    const index = indexOf(userId);\n    transaction\n",
        "    const index = indexOf(userId);\n    lists.set(index, (lists.get(index) ?? new Set()).add(key));\n    transaction\n",
      ],
      [readIndex, "    const keys = [...(lists.get(index) ?? [])];\n"],
    ],
    goal: "On many devices, at two processes",
    says: "is still logged in",
  },
  {
    name: "whose sessions end stands in the body",
    edits: [
      [
        "await endSessionsOf(req.user.id);\n",
        "await endSessionsOf(req.body?.userId ?? req.user.id);\n",
      ],
    ],
    goal: "other people's sessions live on",
    says: "logs out somebody else",
  },
  {
    name: "every session that mentions the user",
    edits: [
      [
        readIndex,
        `    const prefix = redis.options.keyPrefix ?? "";
    const keys: string[] = [];
    for (const name of await redis.keys(\`\${prefix}sess:*\`)) {
      const key = name.slice(prefix.length);
      if ((await redis.get(key))?.includes(userId)) keys.push(key);
    }
`,
      ],
    ],
    goal: "On many devices, at two processes",
    says: "logs out somebody whose id begins alike",
  },
  {
    name: "all keys are looked through",
    edits: [
      [
        readIndex,
        `    const prefix = redis.options.keyPrefix ?? "";
    const keys: string[] = [];
    for (const name of await redis.keys(\`\${prefix}sess:*\`)) {
      const key = name.slice(prefix.length);
      if (JSON.parse((await redis.get(key)) ?? "{}").userId === userId) keys.push(key);
    }
`,
      ],
    ],
    goal: "the cost does not grow with other people's sessions",
    says: "costs more",
  },
  {
    name: "all keys are scanned",
    edits: [
      [
        readIndex,
        `    const prefix = redis.options.keyPrefix ?? "";
    const keys: string[] = [];
    let cursor = "0";
    do {
      const [next, names] = await redis.scan(cursor, "MATCH", \`\${prefix}sess:*\`, "COUNT", 100);
      const found = names.map((name) => name.slice(prefix.length));
      const sessions = found.length > 0 ? await redis.mget(...found) : [];
      keys.push(...found.filter((_, i) => JSON.parse(sessions[i] ?? "{}").userId === userId));
      cursor = next;
    } while (cursor !== "0");
`,
      ],
    ],
    goal: "the cost does not grow with other people's sessions",
    says: "costs more",
  },
  {
    name: "one index for everybody",
    edits: [
      ["(userId: string) => `sessions:${userId}`", '(_userId: string) => "sessions"'],
      [
        ".zadd(index, endOf(ttlSeconds), key)",
        ".zadd(index, endOf(ttlSeconds), `${userId} ${key}`)",
      ],
      ['"XX", endOf(ttlSeconds), key)', '"XX", endOf(ttlSeconds), `${userId} ${key}`)'],
      [
        "commands.zrem(indexOf(userId), key);",
        "commands.zrem(indexOf(userId), `${userId} ${key}`);",
      ],
      [
        readIndex,
        '    const entries = (await redis.zrange(index, "0", "-1")).filter((each) => each.startsWith(`${userId} `));\n    const keys = entries.map((each) => each.slice(userId.length + 1));\n',
      ],
      ["await redis.zrem(index, ...keys);", "await redis.zrem(index, ...entries);"],
    ],
    goal: "the cost does not grow with other people's sessions",
    says: "costs more",
  },
  {
    name: "an entry outlives its logout",
    edits: [["    commands.zrem(indexOf(userId), key);\n", "    void [commands, userId, key];\n"]],
    goal: "an ended session is gone from Redis, and from the index",
    says: "After a logout, the index still knows",
  },
  {
    name: "the entries outlive their sessions",
    edits: [["    await redis.zrem(index, ...keys);\n", ""]],
    goal: "an ended session is gone from Redis, and from the index",
    says: "the index still knows a session that has ended",
  },
  {
    name: "out of the index, and still in Redis",
    edits: [["    await redis.del(...keys);\n", ""]],
    goal: "logging out everywhere ends every session of this user",
    says: "leaves another device in",
  },
  {
    name: "dead sessions stay in the index",
    edits: [[prune, ""]],
    goal: "the index of somebody who never logs out does not grow",
    says: "A key grows with every login, and never shrinks",
  },
  {
    name: "a set, and nobody looks what is left of it",
    edits: [
      [prune, ""],
      [".zadd(index, endOf(ttlSeconds), key)", ".sadd(index, key)"],
      [prolong, "    transaction.expire(index, indexLifeSeconds);\n    void key;\n"],
      ["commands.zrem(", "commands.srem("],
      [readIndex, "    const keys = await redis.smembers(index);\n"],
      ["await redis.zrem(index", "await redis.srem(index"],
      ["const endOf = (ttlSeconds: number) => Date.now() + ttlSeconds * 1000;\n", ""],
    ],
    goal: "the index of somebody who never logs out does not grow",
    says: "A key grows with every login, and never shrinks",
  },
  {
    name: "the index ends two days after the login",
    edits: [[prolong, prolong.replace(".expire(index, indexLifeSeconds)", "")]],
    goal: "a session that was in use for days can still be ended",
    says: "cannot be found: ",
  },
  {
    name: "the entry ends a day after the login",
    edits: [[prolong, "    transaction.expire(index, indexLifeSeconds);\n    void key;\n"]],
    goal: "a session that was in use for days can still be ended",
    says: "cannot be found: ",
  },
  {
    name: "nothing is prolonged",
    edits: [[prolong, "    void [transaction, index, key, ttlSeconds];\n"]],
    goal: "a session that was in use for days can still be ended",
    says: "cannot be found: ",
  },
  {
    name: "an index without an end",
    edits: [
      [prolong, prolong.replace(".expire(index, indexLifeSeconds)", "")],
      [
        ".zadd(index, endOf(ttlSeconds), key)\n      .expire(index, indexLifeSeconds);",
        ".zadd(index, endOf(ttlSeconds), key);",
      ],
    ],
    goal: "No standing rule is broken, on any path",
    says: "gives sessions:",
  },
  {
    name: "seconds that are milliseconds",
    edits: [
      [
        prolong,
        prolong.replace(
          "expire(index, indexLifeSeconds)",
          "expire(index, indexLifeSeconds * 1000)",
        ),
      ],
      ["      .expire(index, indexLifeSeconds);", "      .expire(index, indexLifeSeconds * 1000);"],
    ],
    goal: "Forty days later",
    says: "a key of somebody who stayed away is left",
  },
  {
    name: "milliseconds that are seconds",
    edits: [["Date.now() + ttlSeconds * 1000", "Date.now() / 1000 + ttlSeconds"]],
    goal: "logging out everywhere ends every session of this user",
    says: "leaves another device in",
  },
  {
    name: "the first ten",
    edits: [[readIndex, readIndex.replace('"999"', '"9"')]],
    goal: "On many devices, at two processes",
    says: "is still logged in",
  },
  {
    name: "a list that is read and written back",
    edits: [
      [
        readIndex,
        '    const keys: string[] = JSON.parse((await redis.get(`list:${userId}`)) ?? "[]");\n',
      ],
      [
        "    await saveSession(req);\n    // Only now",
        `    await saveSession(req);
    const list = JSON.parse((await redis.get(\`list:\${user.id}\`)) ?? "[]");
    list.push(\`sess:\${req.sessionID}\`);
    await redis.set(\`list:\${user.id}\`, JSON.stringify(list), "EX", sessionLifeMs / 1000);
    // Only now`,
      ],
    ],
    goal: "When two do the same at once",
    says: "of two logins, one can never be ended",
  },
  {
    name: "a comparison that stops everything",
    edits: [
      [
        "const matches = await bcrypt.compare(currentPassword",
        "const matches = bcrypt.compareSync(currentPassword",
      ],
    ],
    goal: "With passwords of every kind",
    says: "nobody else is served: compareSync",
  },
  {
    name: "the whole index is deleted",
    edits: [[deleteThem, "    await redis.del(...keys);\n    await redis.del(index);\n"]],
    goal: "a login meanwhile is ended, or stays within reach",
    says: "A login during logging out everywhere is in no index",
  },
  {
    name: "the index is emptied first",
    edits: [[deleteThem, "    await redis.del(index);\n    await redis.del(...keys);\n"]],
    goal: "When one thing fails halfway",
    says: "a session cannot be ended any more",
  },
  {
    name: "entries before sessions",
    edits: [[deleteThem, "    await redis.zrem(index, ...keys);\n    await redis.del(...keys);\n"]],
    goal: "When one thing fails halfway",
    says: "a session cannot be ended any more",
  },
  {
    name: "nobody waits for the end of the sessions",
    edits: [
      [
        "    await endSessionsOf(req.user.id);\n",
        "    void endSessionsOf(req.user.id).catch(() => {});\n",
      ],
    ],
    goal: halfway,
    says: "Logging out everywhere answers 204 although Redis refused to delete",
  },
  {
    name: "what Redis refuses is logged, and that is all",
    edits: [
      [
        "await redis.del(...keys);",
        'await redis.del(...keys).catch(() => console.warn("not deleted"));',
      ],
    ],
    goal: halfway,
    says: "Logging out everywhere answers 204 although Redis refused to delete",
  },
  {
    name: "a new password ends nothing",
    edits: [[endAfterChange, ""]],
    goal: newPassword,
    says: "leaves the other sessions alive",
  },
  {
    name: "a new password keeps the id of the session",
    edits: [
      [
        "if (user) await endSessionsOf(user.id);",
        "if (user) await endSessionsOf(user.id, `sess:${req.sessionID}`);",
      ],
      ...sparingOne,
      ["if (user && (await startSession(req, res, user)))", "if (user)"],
    ],
    goal: newPassword,
    says: "leaves this session its old id",
  },
  {
    name: "a new password ends this session, too",
    edits: [["if (user && (await startSession(req, res, user)))", "if (user)"]],
    goal: newPassword,
    says: "logs out whoever changed it",
  },
  {
    name: "the new password is not stored",
    edits: [
      [change, "matches && req.user"],
      ["const { currentPassword, newPassword } =", "const { currentPassword } ="],
    ],
    goal: newPassword,
    says: "The old password still logs in",
  },
  {
    name: "nobody asks for the current password",
    edits: [
      [change, "(await db.users.changePassword(req.user, newPassword))"],
      [
        "      const matches = await bcrypt.compare(currentPassword, req.user.passwordHash);\n",
        "      void currentPassword;\n",
      ],
    ],
    goal: "changing the password takes the current one",
    says: "A wrong current password is answered 204",
  },
  {
    name: "a comparison that nobody waits for",
    edits: [
      [
        "const matches = await bcrypt.compare(currentPassword",
        "const matches = bcrypt.compare(currentPassword",
      ],
    ],
    goal: "changing the password takes the current one",
    says: "A wrong current password is answered 204",
  },
  {
    name: "any length will do",
    edits: [["newPassword: Password.min(8)", "newPassword: Password"]],
    goal: "a new password has 8 characters at least, and 72 bytes at most",
    says: '"7 chars" is answered 204',
  },
  {
    name: "seven will do",
    edits: [["Password.min(8)", "Password.min(7)"]],
    goal: "a new password has 8 characters at least, and 72 bytes at most",
    says: '"7 chars" is answered 204',
  },
  {
    name: "72 characters instead of 72 bytes",
    edits: [["Password.min(8)", "z.string().min(8).max(72)"]],
    goal: "a new password has 8 characters at least, and 72 bytes at most",
    says: "POST /me/password crashed",
  },
  {
    name: "blanks around a password are taken for a slip",
    edits: [["Password.min(8)", "z.string().trim().pipe(Password).pipe(z.string().min(8))"]],
    goal: "a new password has 8 characters at least, and 72 bytes at most",
    says: '" Blanks AROUND " does not log in',
  },
  {
    name: "the last of two changes wins",
    edits: [
      [
        change,
        "matches && (await db.users.update(req.user.id, { passwordHash: await bcrypt.hash(newPassword, db.bcryptCost) }))",
      ],
    ],
    goal: "When two do the same at once",
    says: "two changes of a password, both from the same old one, are both done",
  },
  {
    name: "a ban that cannot be lifted",
    edits: [
      [
        "const found = await db.users.unban(req.params.id);",
        "const found = await db.users.update(req.params.id, {});",
      ],
    ],
    goal: "a banned user is out at the next request, and stays out",
    says: "its user cannot log in",
  },
  {
    name: "a ban that only the login knows",
    edits: [
      [guard, guard.replace(" || user.banned", "")],
      [endAfterBan, ""],
    ],
    goal: "a banned user is out at the next request, and stays out",
    says: "A banned user is still let in",
  },
  {
    name: "refused for the time of the ban",
    edits: [
      [
        guard,
        `    if (user && user.banned) {
      res.status(401).json({ error: { code: "not_authenticated" } });
      return;
    }
    if (!user) {
      if (userId) await endSession(req, res);
`,
      ],
      [endAfterBan, ""],
    ],
    goal: "a banned user is out at the next request, and stays out",
    says: "old sessions are back",
  },
  {
    name: "whoever is logged in may ban",
    edits: [
      [guards, "    .all(requireAuth)\n"],
      ["  const requireAdmin: RequestHandler", "  const _requireAdmin: RequestHandler"],
    ],
    goal: "only administrators ban, and lift a ban",
    says: "POST answers 204 to a member, not 403",
  },
  {
    name: "whoever is logged in may lift a ban",
    edits: [
      [guards, "    .all(requireAuth)\n"],
      [
        "    .post(async (req, res) => {\n      const { id }",
        "    .post(requireAdmin, async (req, res) => {\n      const { id }",
      ],
    ],
    goal: "only administrators ban, and lift a ban",
    says: "DELETE answers 204 to a member, not 403",
  },
  {
    name: "the guard answers and goes on",
    edits: [
      [
        `    if (req.user.role === "admin") next();
    else res.status(403).json({ error: { code: "forbidden" } });`,
        `    if (req.user.role !== "admin") res.status(403).json({ error: { code: "forbidden" } });
    next();`,
      ],
    ],
    goal: "only administrators ban, and lift a ban",
    says: "POST is refused to a member, and done all the same",
  },
  {
    name: "the role as it was at first",
    edits: [
      [
        "  const requireAdmin: RequestHandler",
        "  const roles = new Map<string, string>();\n\n  const requireAdmin: RequestHandler",
      ],
      [
        '    if (req.user.role === "admin") next();',
        '    roles.set(req.user.id, roles.get(req.user.id) ?? req.user.role);\n    if (roles.get(req.user.id) === "admin") next();',
      ],
    ],
    goal: "only administrators ban, and lift a ban",
    says: "A former administrator still bans",
  },
  {
    name: "a link that bans",
    edits: [
      [
        guards,
        `${guards}    .get(async (req, _res, next) => {\n      await db.users.ban(req.params.id);\n      next();\n    })\n`,
      ],
    ],
    goal: "With a link instead of a form",
    says: "bans when an administrator follows a link",
  },
  {
    name: "nobody looks what became of a ban",
    edits: [
      [
        '      if (outcome === "last administrator") {\n        res.status(409).json({ error: { code: "last_administrator" } });\n        return;\n      }\n',
        "",
      ],
    ],
    goal: "the last administrator cannot be locked out",
    says: "The last administrator bans herself: 204",
  },
  {
    name: "a banned user is told that the password is wrong",
    edits: [[refusal, ""]],
    goal: "a banned user cannot log in, and learns why with the right password alone",
    says: "answered 401, not 403",
  },
  {
    name: "a ban is told before the password is compared",
    edits: [
      [refusal, ""],
      [
        "    const matches = await bcrypt.compare(password, user?.passwordHash ?? decoyHash);\n",
        `${refusal.replace("user.banned", "user?.banned")}    const matches = await bcrypt.compare(password, user?.passwordHash ?? decoyHash);\n`,
      ],
    ],
    goal: "a banned user cannot log in, and learns why with the right password alone",
    says: "A wrong password tells that somebody is banned",
  },
  {
    name: "nobody looks once more",
    edits: [[lookAgain, "    void now;\n    if (user) return true;\n"]],
    goal: underWay,
    says: "survives a new password",
  },
  {
    name: "nobody looks at the ban once more",
    edits: [
      [lookAgain, "    if (now && now.passwordHash === user.passwordHash) return true;\n"],
      [guard, guard.replace(" || user.banned", "")],
    ],
    goal: underWay,
    says: "survives a ban",
  },
  {
    name: "looked once more, and then stored",
    edits: [
      [
        `    await saveSession(req);
    // Only now`,
        "    // Only now",
      ],
      [
        lookAgain,
        lookAgain.replace(
          "return true;",
          "{\n      await saveSession(req);\n      return true;\n    }",
        ),
      ],
    ],
    goal: underWay,
    says: "survives a new password",
  },
  {
    name: "the sessions first, and then the password",
    edits: [
      [endAfterChange, ""],
      [
        `      const user = ${change}`,
        `      if (matches) await endSessionsOf(req.user.id);\n      const user = ${change}`,
      ],
    ],
    goal: "While somebody logs in",
    says: "survives a new password",
  },
  {
    name: "a session is written whether it is still there or not",
    edits: [['ttlSeconds, "XX"),', "ttlSeconds),"]],
    goal: "a request under way does not bring an ended session back",
    says: "brings a session back",
  },
  {
    name: "the whole user is written back",
    edits: [
      [
        change,
        "matches &&\n        (await db.users.update(req.user.id, {\n          ...req.user,\n          passwordHash: await bcrypt.hash(newPassword, db.bcryptCost),\n        }))",
      ],
    ],
    goal: "While an administrator changes the user",
    says: "POST /me/password takes back what somebody else changed meanwhile",
  },
  {
    name: "other sites are refused, but for the administrators' routes",
    edits: [["app.use(refuseOtherSites);", 'app.use(["/auth", "/me"], refuseOtherSites);']],
    goal: "From a page of another site",
    says: "a page of another site can send POST /admin/users",
  },
  {
    name: "new passwords in the log",
    edits: [
      [
        "      const { currentPassword, newPassword } = req.validBody;\n",
        '      const { currentPassword, newPassword } = req.validBody;\n      console.info("change", req.body);\n',
      ],
    ],
    goal: "No standing rule is broken, on any path",
    says: "The log shows the typed password",
  },
  {
    name: "the current password is read as far as bcrypt reads",
    edits: [["  currentPassword: Password,", '  currentPassword: z.string().normalize("NFC"),']],
    goal: "With passwords of every kind",
    says: "a current password with more behind it than bcrypt reads",
  },
  {
    name: "the new session is left to the end of the request",
    edits: [
      [
        "const startSession = async (req: Request, res: Response, user: User)",
        "const startSession = async (req: Request, res: Response, user: User, isLogin = true)",
      ],
      ["    await saveSession(req);\n", "    if (isLogin) await saveSession(req);\n"],
      [
        "if (user && (await startSession(req, res, user)))",
        "if (user && (await startSession(req, res, user, false)))",
      ],
    ],
    goal: "With a Redis that refuses",
    says: "POST /me/password answers 204 although Redis refused to store the session",
  },
  {
    name: "a new password is counted before it is brought into one form",
    edits: [["newPassword: Password.min(8),", "newPassword: z.string().min(8).pipe(Password),"]],
    goal: "With passwords of every kind",
    says: "is answered 204, not 400",
  },
  {
    name: "whether there is such a user, before who asks",
    edits: [
      [
        "    .all(requireAuth, requireAdmin)",
        '    .all(requireAuth, async (req, res, next) => {\n      if (await db.users.findById(req.params.id)) return next();\n      res.status(404).json({ error: { code: "not_found" } });\n    })\n    .all(requireAdmin)',
      ],
    ],
    goal: "Written in another way",
    says: "a member who would ban somebody unknown is answered 404, not 403",
  },
  {
    name: "one page of the index",
    edits: [
      [
        readIndex,
        `    const [, found] = await redis.zscan(index, 0, "COUNT", 100);
    const keys = found.filter((_, place) => place % 2 === 0);
`,
      ],
    ],
    goal: "On many devices, at two processes",
    says: "is still logged in",
  },
  {
    name: "a login that lost is refused in words of its own",
    edits: [
      [
        `if (!(await startSession(req, res, user))) {
      res.status(401).json({ error: { code: "invalid_credentials" } });`,
        `if (!(await startSession(req, res, user))) {
      res.status(401).json({ error: { code: "too_late" } });`,
      ],
    ],
    goal: "While somebody logs in",
    says: "does not carry the code of the contract, invalid_credentials",
  },
  {
    name: "a change of the password that failed keeps the next ones out",
    edits: [
      [
        '  app.post(\n    "/me/password",',
        '  const turns = new Map<string, Promise<unknown>>();\n  const inTurn = <Result>(id: string, change: () => Promise<Result>) => {\n    const turn = (turns.get(id) ?? Promise.resolve()).then(change);\n    turns.set(id, turn);\n    return turn;\n  };\n\n  app.post(\n    "/me/password",',
      ],
      [
        "      if (user) await endSessionsOf(user.id);\n",
        "      if (user) await inTurn(user.id, () => endSessionsOf(user.id));\n",
      ],
    ],
    goal: "When one thing fails halfway",
    says: "after a new password has failed once, the next attempt is answered 500 as well",
  },
  {
    name: "who ends sessions while others are being ended waits for these",
    edits: [
      ["const endSessionsOf = async (userId: string)", "const endIndexed = async (userId: string)"],
      [
        "if (keys.length === 1_000) await endSessionsOf(userId);",
        "if (keys.length === 1_000) await endIndexed(userId);",
      ],
      [
        "  /** Resolves to false when the password was changed,",
        "  const underWay = new Map<string, Promise<void>>();\n  const endSessionsOf = (userId: string): Promise<void> => {\n    const ending =\n      underWay.get(userId) ?? endIndexed(userId).finally(() => underWay.delete(userId));\n    underWay.set(userId, ending);\n    return ending;\n  };\n\n  /** Resolves to false when the password was changed,",
      ],
    ],
    goal: "While somebody logs in",
    says: "a login from before a new password survives it",
  },
  {
    name: "the second look is at a copy of the database",
    edits: [["await db.users.findById(user.id)", "await db.users.findByEmail(user.email)"]],
    goal: "While somebody logs in",
    says: "survives a new password",
  },
  {
    name: "a new hash of the same password is taken for a new one",
    edits: [
      [
        "    const user = await db.users.findByEmail(email);",
        "    let user = await db.users.findByEmail(email);",
      ],
      [
        "    if (!(await startSession(req, res, user))) {",
        "    if (bcrypt.getRounds(user.passwordHash) < db.bcryptCost) {\n      user = (await db.users.changePassword(user, password)) ?? user;\n    }\n    if (!(await startSession(req, res, user))) {",
      ],
    ],
    goal: "When two do the same at once",
    says: "of two logins with the right password, one is refused",
  },
  {
    name: "who has mistyped the current password twenty times can never change it",
    edits: [
      [
        '  app.post(\n    "/me/password",',
        '  const wrong = new Map<string, number>();\n\n  app.post(\n    "/me/password",',
      ],
      [
        "      const user = matches &&",
        '      const before = wrong.get(req.user.id) ?? 0;\n      if (before >= 20) return void res.status(429).json({ error: { code: "too_many" } });\n      if (!matches) wrong.set(req.user.id, before + 1);\n      const user = matches &&',
      ],
    ],
    goal: "A day after many wrong passwords",
    says: "the right current password is answered 429",
  },
  {
    name: "nobody can be banned whose id is no UUID",
    edits: [
      [
        "      const outcome = await db.users.ban(id);",
        '      const isId = z.uuid().safeParse(id).success;\n      const outcome = isId ? await db.users.ban(id) : "unknown";',
      ],
    ],
    goal: "With inputs of every kind",
    says: 'a user whose id is "42" cannot be banned',
  },
  {
    name: "entries that end on the full hour",
    edits: [
      [
        "=> Date.now() + ttlSeconds * 1000;",
        "=> Math.floor((Date.now() + ttlSeconds * 1000) / 3_600_000) * 3_600_000;",
      ],
      ["Date.now() - graceMs)", "Date.now())"],
    ],
    goal: "Hours after the last visit",
    says: "a session in its last seconds is not found by logging out everywhere",
  },
  {
    name: "a name that changes makes a login fail",
    edits: [
      [
        "now.passwordHash === user.passwordHash) return true;",
        "JSON.stringify(now) === JSON.stringify(user)) return true;",
      ],
    ],
    goal: "While an administrator changes the user",
    says: "the right password is answered 401 when the name changes meanwhile",
  },
  {
    name: "nobody is asked again soon after a change",
    edits: [
      [
        "      const matches = await bcrypt.compare(currentPassword, req.user.passwordHash);\n",
        `      const isSure = recent.has(req.user.id);
      const matches = (await bcrypt.compare(currentPassword, req.user.passwordHash)) || isSure;
      recent.add(req.user.id);
      setTimeout(() => recent.delete(req.user.id), 300_000).unref();
`,
      ],
      ["  const requireAdmin:", "  const recent = new Set<string>();\n\n  const requireAdmin:"],
    ],
    goal: "With passwords of every kind",
    says: "whoever has just changed the password can change it once more without it",
  },
  {
    name: "whoever is banned already is not banned again",
    edits: [
      [
        "      const outcome = await db.users.ban(id);\n",
        `      if ((await db.users.findById(id))?.banned) return void res.status(204).end();
      const outcome = await db.users.ban(id);
`,
      ],
    ],
    goal: "When one thing fails halfway",
    says: "a ban that has failed is asked for once more, and leaves a session",
  },
  {
    name: "nothing is left to delete, and is deleted all the same",
    edits: [["    if (keys.length === 0) return;\n", ""]],
    goal: "When two do the same at once",
    says: "of two requests for logging out everywhere, one fails",
  },
  {
    name: "an index of ids in small letters",
    edits: [["`sessions:${userId}`", "`sessions:${userId.toLowerCase()}`"]],
    goal: "On many devices, at two processes",
    says: "logs out somebody whose id differs in capitals alone",
  },
];
