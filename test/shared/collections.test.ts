import { runInThisContext } from "node:vm";
import { expect, test } from "vitest";
import { filledDuring, type Collection } from "../../shared/testing/collections.ts";

/** Does something with a collection as the app would, in the third line of its file. */
function inApp(code: string): (collection: Collection) => void {
  return runInThisContext(`\n\n(collection) => { ${code} }`, {
    filename: "/home/ada/workshop/steps/03-login/app.ts",
  }) as (collection: Collection) => void;
}

const own = new Map([["from before", 1]]);

test.for<{ what: string; collection: Collection; code: string; added: number; taken: number }>([
  {
    what: "a Map",
    collection: new Map(),
    code: "collection.set('a', 1).set('b', 1).set('a', 2); collection.delete('a')",
    added: 2,
    taken: 1,
  },
  {
    what: "a Set",
    collection: new Set(),
    code: "collection.add('a').add('a'); collection.add('b'); collection.clear()",
    added: 2,
    taken: 1,
  },
  {
    what: "a Map with something in it",
    collection: own,
    code: "collection.set('from before', 2); collection.delete('nothing')",
    added: 0,
    taken: 0,
  },
])("sees what the app adds to $what and takes out of it", async (row) => {
  const { collection, code, added, taken } = row;
  const filled = await filledDuring(async () => inApp(code)(collection));
  const place = "steps/03-login/app.ts:3";
  expect(filled).toEqual([{ collection, place, added, taken }]);
});

test("collections of anybody else are none of the app's", async () => {
  const filled = await filledDuring(async () => {
    new Map().set("a", 1);
    new Set().add("a");
  });
  expect(filled).toEqual([]);
});

test("nobody watches once it is over, however it ended", async () => {
  const { set, clear } = Map.prototype;
  const { add } = Set.prototype;
  const failing = filledDuring(async () => {
    throw new Error("over");
  });
  await expect(failing).rejects.toThrow("over");
  expect([Map.prototype.set, Map.prototype.clear, Set.prototype.add]).toEqual([set, clear, add]);
});

test("a collection works as ever while it is watched", async () => {
  const collection = new Map<string, number>();
  await filledDuring(async () => {
    inApp("collection.set('a', 1).set('b', 2)")(collection);
    expect(collection.delete("b")).toBe(true);
  });
  expect([...collection]).toEqual([["a", 1]]);
});
