import assert from "node:assert/strict";
import fc from "fast-check";
import { editDistance, nearest } from "./nearest.js";
import { formatDuration, formatSize, parseDurationMs, parseSizeBytes } from "./units.js";

describe("units", () => {
  it("reads durations and refuses what has no unit", () => {
    const cases: [string, number | null][] = [
      ["0", 0],
      ["500ms", 500],
      ["1.5s", 1500],
      ["1h30m", 5_400_000],
      [" 7d ", 604_800_000],
      ["5", null],
      ["-1s", null],
      ["1 s", null],
      ["s", null],
      ["", null],
      [`${"9".repeat(30)}d`, null],
    ];
    for (const [text, ms] of cases) assert.equal(parseDurationMs(text), ms, text);
  });

  it("reads sizes", () => {
    const cases: [string, number | null][] = [
      ["0", 0],
      ["512 MiB", 512 * 2 ** 20],
      ["1.5GB", 1.5e9],
      ["12", 12],
      ["1mib", null],
      ["-1", null],
      ["1e3", null],
      ["9".repeat(30), null],
    ];
    for (const [text, bytes] of cases) assert.equal(parseSizeBytes(text), bytes, text);
  });

  it("writes what it reads back exactly", () => {
    fc.assert(
      fc.property(
        fc.nat(2 ** 40),
        (n) => parseDurationMs(formatDuration(n)) === n && parseSizeBytes(formatSize(n)) === n,
      ),
    );
    assert.deepEqual(
      [formatDuration(86_400_000), formatDuration(90_000), formatSize(2 ** 20)],
      ["24h", "90s", "1MiB"],
    );
  });
});

describe("nearest", () => {
  it("counts edits", () => {
    assert.equal(editDistance("kitten", "sitting"), 3);
    assert.equal(editDistance("", "abc"), 3);
  });

  it("finds what was meant, and nothing when nothing is close", () => {
    const words = ["port", "host", "rate_limit"];
    assert.equal(nearest("prot", words), "port");
    assert.equal(nearest("RateLimit", words), "rate_limit");
    assert.equal(nearest("zzzzzz", words), null);
    assert.equal(nearest("x", words), null);
  });
});
