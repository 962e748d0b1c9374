import assert from "node:assert/strict";
import fc from "fast-check";
import { jsonFaultPosition } from "./json_position.js";

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

describe("daemon/api: where JSON breaks", () => {
  it("points at the character that cannot stand there", () => {
    for (const [text, position] of [
      ['{"a": x}', 6],
      ['{"a": 1,}', 8],
      ["[1 2]", 3],
      ['{"a"}', 4],
      ["{'a': 1}", 1],
      ['{"a": 1', 7],
      ["", 0],
      ["[]]", 2],
      ['{"a": 01}', 7],
      ['["a\nb"]', 1],
      ["[".repeat(50_000), 50_000],
      [`["${"a".repeat(2 ** 20)}`, 1],
    ] as const) {
      assert.equal(jsonFaultPosition(text), position, text.slice(0, 40));
    }
  });

  it("agrees with JSON.parse on what is JSON", () => {
    const mutated = fc
      .tuple(fc.json(), fc.nat(), fc.constantFrom("", ",", "}", "]", '"', "x", "1", ":", " ", "\\"))
      .map(([json, at, mark]) => {
        const cut = at % (json.length + 1);
        return json.slice(0, cut) + mark + json.slice(cut + (at % 2));
      });
    fc.assert(
      fc.property(fc.oneof(fc.json(), mutated), (text) => {
        assert.equal(jsonFaultPosition(text) === null, parses(text), text);
      }),
      { numRuns: 2000 },
    );
  });
});
