import { expect, test } from "vitest";
import { printedDuring } from "../../shared/testing/output.ts";

test("what is printed is kept, through the console and past it", async () => {
  const printed = await printedDuring(() => {
    console.log("a", 1);
    console.debug("b");
    process.stdout.write(Buffer.from("c"));
    console.error(new Error("d"));
  });
  expect(printed).toEqual(["a 1", "b", "c", expect.stringMatching(/^Error: d\n {4}at /)]);
});

test("objects are printed with what is in them", async () => {
  const printed = await printedDuring(() => {
    console.info("headers", { cookie: "sid=1", nested: { in: { it: "x" } } });
  });
  expect(printed.join()).toContain("sid=1");
  expect(printed.join()).toContain("'x'");
});
