import assert from "node:assert/strict";
import { ago, bytes, duration, shortHash } from "./format.js";
import { printable } from "./io.js";
import { facts, table } from "./table.js";

describe("daemon/cli: text", () => {
  it("aligns columns, numbers to the right, the unknown as a dash", () => {
    const text = table(
      ["name", "speed", "note"],
      [
        ["node-a", "5.1", "ünï"],
        ["b", "100.2", ""],
        ["c", null, "x"],
      ],
    );
    assert.equal(
      text,
      ["NAME    SPEED  NOTE", "node-a    5.1  ünï", "b       100.2  -", "c           -  x"].join("\n"),
    );
    assert.equal(
      facts([
        ["a", 1],
        ["longer", "x"],
        ["left out", null],
      ]),
      "a       1\nlonger  x",
    );
  });

  it("lets no foreign text control the terminal", () => {
    const hostile = "\u001b]0;title\u0007\u001b[31mred\r\nnext\u202e";
    for (const text of [table(["name"], [[hostile]]), facts([["name", hostile]]), printable(hostile)]) {
      assert.doesNotMatch(text, /[\p{Cf}\p{Zl}]|(?!\n)\p{Cc}/u);
    }
    assert.equal(table(["name"], [["a\nb"]]).split("\n").length, 2);
  });

  it("writes sizes, times and hashes for people", () => {
    assert.deepEqual([bytes(0), bytes(1023), bytes(1536), bytes(null)], ["0 B", "1023 B", "1.5 KiB", null]);
    assert.deepEqual([duration(0), duration(65), duration(90_061)], ["0s", "1m 5s", "1d 1h"]);
    assert.equal(ago("2026-01-01T00:00:00.000Z", Date.UTC(2026, 0, 1, 0, 2)), "2m ago");
    assert.equal(shortHash(`sha256:${"ab".repeat(32)}`), "abababababab");
  });
});
