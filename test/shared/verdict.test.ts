import { afterEach, expect, test, TestRunner, vi } from "vitest";
import { steps } from "../../shared/runner/manifest.ts";
import {
  AppNotBuilt,
  type Evidence,
  GoalUnmet,
  must,
  notJudged,
} from "../../shared/testing/verdict.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

test("a condition that holds passes, whatever its type", () => {
  for (const condition of [true, 1, "text", {}, []]) must(condition, "never said");
});

test.for([false, undefined, null, 0, "", Number.NaN])("%j does not hold", (condition) => {
  expect(() => must(condition, "It fails.")).toThrow(GoalUnmet);
});

test("the message is the claim, the evidence indented, and the reason", () => {
  const { message } = unmet("It fails.", ["sent\n  Cookie: a", "answered"], "That is the rule.");
  expect(message).toBe("It fails.\n    sent\n      Cookie: a\n    answered\nThat is the rule.");
});

test("the error has a name of its own and keeps the claim", () => {
  expect(unmet("It fails.")).toMatchObject({ name: "GoalUnmet", claim: "It fails." });
});

test.for<{ evidence: Evidence; shown: string }>([
  { evidence: [], shown: "" },
  { evidence: "", shown: "" },
  { evidence: ["", "one", ""], shown: "\n    one" },
  { evidence: "one\ntwo", shown: "\n    one\n    two" },
  { evidence: { toString: () => "GET /\n→ 200" }, shown: "\n    GET /\n    → 200" },
  { evidence: [404, new Error("lost")], shown: "\n    404\n    Error: lost" },
])("evidence may be text, something that shows itself, or a list: $evidence", (row) => {
  expect(unmet("It fails.", row.evidence).message).toBe(`It fails.${row.shown}`);
});

test("a goal of a step leads to its TODO", () => {
  for (const { number, slug, goals } of steps) {
    for (const { name, todo } of goals) {
      running(`/home/ada/workshop/steps/${slug}/${slug.slice(3)}.test.ts`, name);
      const lines = unmet("It fails.", [], "Why.").message.split("\n");
      expect(lines).toEqual([
        "It fails.",
        "Why.",
        `See TODO ${number}.${todo} in steps/${slug}/app.ts.`,
      ]);
    }
  }
});

test("the same name leads to the step that is tested", () => {
  const name = "no password hash leaves the server";
  running("/workshop/steps/03-login/login.test.ts", name);
  expect(unmet("It fails.").message).toContain("in steps/03-login/app.ts");
  running("/workshop/steps/04-require-auth/require-auth.test.ts", name);
  expect(unmet("It fails.").message).toContain("in steps/04-require-auth/app.ts");
});

test.for([
  { file: "/workshop/steps/03-login/login.test.ts", name: "a test that is no goal" },
  { file: "/workshop/test/shared/verdict.test.ts", name: "the right password logs in" },
  { file: "/workshop/steps/03-login-old/login.test.ts", name: "the right password logs in" },
])("$file, $name: leads nowhere", ({ file, name }) => {
  running(file, name);
  expect(unmet("It fails.").message).toBe("It fails.");
});

test("outside of a test, must and notJudged still throw", () => {
  vi.spyOn(TestRunner, "getCurrentTest").mockReturnValue(undefined);
  expect(unmet("It fails.").message).toBe("It fails.");
  expect(() => notJudged("nobody can log in")).toThrow("Not judged: nobody can log in");
});

test("notJudged skips the test that is running, with the reason as its note", () => {
  const skip = running("/workshop/steps/03-login/login.test.ts", "a wrong password answers 401");
  expect(() => notJudged("nobody can log in")).toThrow();
  expect(skip.mock.calls).toEqual([["nobody can log in"]]);
});

test("a goal that is not judged is skipped, not passed", () => {
  const skipped = new Error("skipped");
  running("/a.test.ts", "a").mockImplementation(() => {
    throw skipped;
  });
  expect(() => notJudged("why")).toThrow(skipped);
});

function unmet(claim: string, evidence?: Evidence, reason?: string): GoalUnmet {
  try {
    must(false, claim, evidence, reason);
  } catch (error) {
    if (error instanceof GoalUnmet) return error;
  }
  throw new Error("must did not throw");
}

/** Pretends that another test is running, and gives its `skip`. */
function running(filepath: string, name: string) {
  const skip = vi.fn<(note: string) => void>();
  vi.spyOn(TestRunner, "getCurrentTest").mockReturnValue({
    name,
    file: { filepath },
    context: { skip },
  } as never);
  return skip;
}

test("an assertion may name another TODO than the goal's", () => {
  running("/workshop/steps/03-login/login.test.ts", "the right password logs in");
  expect(() => must(false, "It fails.", [], "Why.", 1)).toThrow(
    "It fails.\nWhy.\nSee TODO 3.1 in steps/03-login/app.ts.",
  );
});

test("an app that could not be built leads to no TODO: whichever goal came first knows no place", () => {
  running("/workshop/steps/03-login/login.test.ts", "the right password logs in");
  const { name, message } = new AppNotBuilt("createApp threw.", [], "Why.");
  expect([name, message]).toEqual(["AppNotBuilt", "createApp threw.\nWhy."]);
});
