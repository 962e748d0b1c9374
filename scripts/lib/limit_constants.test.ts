import assert from "node:assert/strict";
import { limitsOf } from "./limit_constants.js";

const BOUNDS = /(^|_)(MAX|MIN)(_|$)/;

describe("scripts: limits", () => {
  it("reads constants and fields, with their comments and computed values", () => {
    const source = `
const KIB = 1024;
/** Bytes of a thing. */
export const THING_BYTES_MAX = 4 * KIB - 1;
/**
 * Most things,
 * one | each.
 */
export const THINGS_MAX = 2 ** 10 + 1_000;
export const TEXT = "none";
export const LIMITS = {
  /** A field. */
  perMinute: 10,
  title: "none",
} as const;
`;
    assert.deepEqual(limitsOf(source, { path: "x.ts" }), [
      { name: "THING_BYTES_MAX", value: 4095, about: "Bytes of a thing." },
      { name: "THINGS_MAX", value: 2024, about: "Most things, one \\| each." },
      { name: "perMinute", value: 10, about: "A field." },
    ]);
  });

  it("takes only bounds of a file that is about something else, with values from elsewhere", () => {
    const source = `const SIDE = 28;\n/** Waits. */\nconst QUEUE_MAX = 16;\nconst OTHER_NAME = 3;\n`;
    assert.deepEqual(limitsOf(source, { path: "x.ts", names: BOUNDS }), [
      { name: "QUEUE_MAX", value: 16, about: "Waits." },
    ]);
    const fields =
      "interface O {\n  /** Held. */\n  readonly maxHeld: number;\n  readonly other: number;\n}\n";
    assert.deepEqual(limitsOf(fields, { path: "x.ts", names: /^max/, values: { maxHeld: 7, other: 8 } }), [
      { name: "maxHeld", value: 7, about: "Held." },
    ]);
  });

  it("fails for a limit without a comment of its own, or with a value that it cannot read", () => {
    const bare = "/** The first. */\nexport const A_MAX = 1;\nexport const B_MAX = 2;\n";
    for (const file of [{ path: "x.ts" }, { path: "x.ts", names: BOUNDS }])
      assert.throws(() => limitsOf(bare, file), /^Error: x\.ts: B_MAX has no comment/);
    const field = "export const LIMITS = {\n  headerBytes: 16,\n};\n";
    assert.throws(() => limitsOf(field, { path: "x.ts" }), /headerBytes has no comment/);
    const odd = "/** Odd. */\nexport const C_MAX = other();\n";
    for (const file of [{ path: "x.ts" }, { path: "x.ts", names: BOUNDS }])
      assert.throws(() => limitsOf(odd, file), /the value of C_MAX cannot be read/);
  });
});
