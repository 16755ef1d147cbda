import { knownSince, type Act, type Actor } from "./contract.ts";

/** What two people do in a day, as far as a step knows it: every route, with success and refusal. */
export async function story(one: Actor, other: Actor): Promise<void> {
  const known = (acts: readonly Act[]) =>
    acts.filter(({ does }) => knownSince[does] <= one.contract.step);
  await one.doesAll(known([{ does: "visit" }, { does: "visit" }, { does: "check health" }]));
  await other.doesAll(known([{ does: "visit" }, { does: "ask for the profile" }]));
  await one.doesAll(
    known([
      { does: "log in", as: "ada", password: "wrong" },
      { does: "send a bad login" },
      { does: "log in", as: "ada" },
      { does: "visit" },
      { does: "visit" },
      { does: "ask for the profile" },
    ]),
  );
  await other.doesAll(
    known([
      { does: "rename", to: "Nobody" },
      { does: "log in as nobody" },
      { does: "log in", as: "grace" },
      { does: "rename", to: "Amazing Grace" },
      { does: "visit" },
    ]),
  );
  await one.doesAll(
    known([
      { does: "ask for the profile" },
      { does: "rename badly" },
      { does: "rename", to: "Augusta Ada" },
      { does: "log out" },
      { does: "ask for the profile" },
    ]),
  );
  await other.doesAll(known([{ does: "ask for the profile" }, { does: "visit" }]));
  await one.doesAll(
    known([
      { does: "visit" },
      { does: "log in", as: "ada" },
      { does: "ask for the profile" },
      { does: "visit" },
    ]),
  );
  if (one.contract.step >= 7) await revocations(one, other);
}

/** What ends sessions from elsewhere: one is logged in as Ada, the other as Grace, the administrator. */
async function revocations(one: Actor, other: Actor): Promise<void> {
  const ask: Act = { does: "ask for the profile" };
  const asAda: Act = { does: "log in", as: "ada" };
  const asGrace: Act = { does: "log in", as: "grace" };
  await one.does({ does: "ban", whom: "grace" });
  await other.doesAll([
    { does: "ban", whom: "grace" },
    { does: "ban", whom: "ada" },
  ]);
  await one.doesAll([ask, asAda, ask]);
  await other.does({ does: "lift the ban", of: "ada" });
  await one.doesAll([
    asAda,
    { does: "change the password", to: "difference engine", current: "wrong" },
    { does: "choose a bad password" },
    { does: "change the password", to: "difference engine" },
    ask,
    { does: "lift the ban", of: "alan" },
  ]);
  await other.doesAll([ask, { does: "log out everywhere" }, ask, asAda, ask]);
  await one.doesAll([ask, { does: "log out everywhere" }, ask, { does: "visit" }]);
  // Nobody is logged in there any more.
  await one.doesAll([
    { does: "log out everywhere" },
    { does: "change the password", to: "engine no. 3" },
    { does: "ban", whom: "alan" },
  ]);
  await other.doesAll([ask, { does: "change the password", to: "engine no. 2" }, asGrace, ask]);
}
