/** The checker must refute what no correct swarm does, and nothing else. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Seeded } from "../../consensus/testing/seeded.js";
import { repositoryRoot } from "../../scripts/lib/repository_root.js";
import { buildChecker, type CheckerVerdict, judge } from "./checker.js";
import { type HistoryRecord, historyText, parseHistory } from "./history.js";
import { withStaleRead } from "./mutation.js";
import { randomHistory, someOrderExplains } from "./oracle.js";
import {
  absent,
  conflict,
  get,
  recorded,
  remove,
  type Scripted,
  set,
  value,
  written,
} from "./scripted_history.js";

/** The first seconds of a real run of five nodes under kills and partitions. */
const REAL = join(repositoryRoot(), "test/linear/testdata/real.ndjson");

const RANDOM_HISTORIES = Number(process.env.RANDOM_HISTORIES ?? 150);

const GOOD: Record<string, Scripted[]> = {
  "one client after another": [
    get(0, 1, absent),
    set(2, 3, "a", written(5)),
    get(4, 5, value("a", 5)),
    set(6, 7, "b", written(6), 5),
    set(8, 9, "c", conflict(6), 5),
    remove(10, 11, written(9), 6),
    remove(12, 13, absent),
    remove(14, 15, conflict(0), 6),
    set(16, 17, "d", written(12), 0),
    set(18, 19, "e", conflict(12), 0),
  ],
  "two readers see a write under way in either order": [
    set(0, 1, "a", written(5)),
    set(2, 20, "b", written(6)),
    get(3, 4, value("a", 5)),
    get(5, 6, value("b", 6)),
  ],
  "an unknown write appears long after": [
    set(0, 1, "a", written(5)),
    set(2, 3, "b", "unknown"),
    get(4, 5, value("a", 5)),
    get(6, 7, value("b", 8)),
    get(8, 9, value("b", 8)),
  ],
  "an unknown write never appears": [
    set(0, 1, "a", written(5)),
    set(2, 3, "b", "unknown"),
    remove(2, 3, "unknown"),
    set(2, 3, "c", "unknown", 5),
    get(4, 5, value("a", 5)),
  ],
  "an unknown write that nobody reads makes a condition fail": [
    set(0, 1, "a", written(5)),
    set(2, 3, "b", "unknown"),
    set(4, 5, "c", conflict(7), 5),
    set(6, 7, "d", conflict(7), 5),
    remove(8, 9, written(10)),
  ],
  "an unknown write is what is deleted": [set(0, 1, "a", "unknown"), remove(2, 3, written(8))],
  "of many unknown writes, two were in force": [
    ...["a", "b", "c", "d", "e", "f"].map((text) => set(0, 1, text, "unknown")),
    set(4, 5, "x", conflict(7), 0),
    set(6, 7, "y", conflict(9), 0),
    get(8, 9, value("d", 12)),
  ],
  "an unknown deletion made room for an unknown creation": [
    set(0, 1, "a", written(5)),
    remove(2, 3, "unknown"),
    set(2, 3, "b", "unknown", 0),
    get(4, 5, value("b", 9)),
  ],
  "an unknown deletion takes effect": [
    set(0, 1, "a", written(5)),
    remove(2, 3, "unknown"),
    get(4, 5, absent),
    set(6, 7, "b", written(8), 0),
  ],
  "a write that failed is never seen": [
    set(0, 1, "a", written(5)),
    set(2, 3, "b", "fail"),
    get(4, 5, value("a", 5)),
  ],
};

const BAD: Record<string, Scripted[]> = {
  "a stale read": [set(0, 1, "a", written(5)), set(2, 3, "b", written(6)), get(4, 5, value("a", 5))],
  "a read that goes back": [
    set(0, 1, "a", written(5)),
    set(2, 20, "b", written(6)),
    get(3, 4, value("b", 6)),
    get(5, 6, value("a", 5)),
  ],
  "a lost update": [
    set(0, 1, "a", written(5)),
    set(2, 9, "b", written(6), 5),
    set(2, 9, "c", written(7)),
    get(10, 11, value("b", 6)),
  ],
  "a compare-and-set that succeeds twice": [
    set(0, 1, "a", written(5)),
    set(2, 9, "b", written(6), 5),
    set(2, 9, "c", written(7), 5),
  ],
  "two that both create": [set(0, 9, "a", written(5), 0), set(0, 9, "b", written(6), 0)],
  "an unknown write that appears, then disappears": [
    set(0, 1, "a", written(5)),
    set(2, 3, "b", "unknown"),
    get(4, 5, value("b", 6)),
    get(6, 7, value("a", 5)),
  ],
  "an unknown write that is seen before it is asked for": [
    get(0, 1, value("a", 5)),
    set(2, 3, "a", "unknown"),
  ],
  "an unknown deletion that comes and goes": [
    set(0, 1, "a", written(5)),
    remove(2, 3, "unknown"),
    get(4, 5, absent),
    get(6, 7, value("a", 5)),
  ],
  "an unknown write whose condition never held": [
    set(0, 1, "a", written(5)),
    set(2, 3, "b", written(6)),
    set(4, 5, "c", "unknown", 5),
    get(6, 7, value("c", 7)),
  ],
  "a failed write that is seen": [
    set(0, 1, "a", written(5)),
    set(2, 3, "b", "fail"),
    get(4, 5, value("b", 6)),
  ],
  "a value that nobody wrote": [set(0, 1, "a", written(5)), get(2, 3, value("z", 6))],
  "a value under another's revision": [set(0, 1, "a", written(5)), get(2, 3, value("a", 6))],
  "a revision that goes back": [set(0, 1, "a", written(6)), set(2, 3, "b", written(5))],
  "a conflict where the condition held": [set(0, 1, "a", written(5)), set(2, 3, "b", conflict(5), 5)],
  "a conflict with another revision than the present one": [
    set(0, 1, "a", written(5)),
    set(2, 3, "b", written(6)),
    set(4, 5, "c", conflict(7), 5),
  ],
  "a conflict with a revision that an unknown write cannot have made": [
    set(0, 1, "a", written(5)),
    set(2, 3, "b", "unknown"),
    set(4, 5, "c", conflict(4), 0),
  ],
  "an unknown write that comes last with an earlier revision": [
    set(0, 9, "a", written(6)),
    set(0, 9, "b", "unknown"),
    get(10, 11, value("b", 5)),
  ],
  "a deletion of nothing": [remove(0, 1, written(5))],
  "a value that is gone without a deletion": [set(0, 1, "a", written(5)), get(2, 3, absent)],
  "a later write of another key with an earlier revision": [
    set(0, 1, "a", written(6)),
    set(2, 3, "b", written(5), null, "other"),
  ],
  "two keys with one revision": [set(0, 9, "a", written(6)), set(0, 9, "b", written(6), null, "other")],
};

describe("test/linear: the checker", function () {
  this.timeout(120_000);
  let folder: string;

  before(function () {
    const why = buildChecker();
    if (why !== null) {
      console.log(`      skipped: ${why}`);
      this.skip();
    }
    folder = mkdtempSync(join(tmpdir(), "linear-"));
  });
  after(() => {
    if (folder !== undefined) rmSync(folder, { recursive: true });
  });

  function verdictOn(text: string, html = ""): CheckerVerdict {
    const file = join(folder, "history.ndjson");
    writeFileSync(file, text);
    return judge(file, { html });
  }
  const verdictOf = (records: readonly HistoryRecord[], html = ""): CheckerVerdict => {
    assert.deepEqual(parseHistory(historyText(records)), records, "the records are as their schema says");
    return verdictOn(historyText(records), html);
  };

  for (const [what, operations] of Object.entries(GOOD))
    it(`accepts: ${what}`, () => {
      const { verdict, reason } = verdictOf(recorded(...operations));
      assert.equal(verdict, "linearizable", reason);
    });

  for (const [what, operations] of Object.entries(BAD))
    it(`refutes: ${what}`, () => {
      assert.equal(verdictOf(recorded(...operations)).verdict, "refuted");
    });

  it("names the answer that cannot be explained, and draws the history up to it", () => {
    const html = join(folder, "history.html");
    const operations = [...(BAD["a stale read"] as Scripted[]), set(6, 7, "c", written(9))];
    const verdict = verdictOf(recorded(...operations), html);
    assert.match(verdict.reason ?? "", /operation 2: get → value a 5/);
    assert.deepEqual([verdict.ok, verdict.key, verdict.html], [false, "k", html]);
    const page = readFileSync(html, "utf8");
    assert.match(page, /get → value a 5/);
    assert.doesNotMatch(page, /set c/);
  });

  it("accepts a real history, and refutes it with one read replaced by an older value", () => {
    const text = readFileSync(REAL, "utf8");
    const records = parseHistory(text);
    const verdict = verdictOn(text);
    assert.equal(verdict.verdict, "linearizable", verdict.reason);
    assert.ok(verdict.unknown > 0 && verdict.keys === 5, JSON.stringify(verdict));
    assert.equal(verdict.operations, records.filter(({ event }) => event === "invoke").length);
    const stale = withStaleRead(records);
    assert.ok(stale !== null);
    assert.equal(stale.filter((record, i) => record !== records[i]).length, 1);
    assert.equal(verdictOf(stale).verdict, "refuted");
  });

  it("refuses what is no history, naming the line", () => {
    const [call, end] = recorded(set(3, 4, "a", written(5))) as [HistoryRecord, HistoryRecord];
    const refused: [string, RegExp][] = [
      ["{}\n", /line 1: event ""/],
      ["nothing\n", /line 1 is not a record/],
      [`${JSON.stringify({ ...call, more: 1 })}\n`, /line 1 .*unknown field/],
      [historyText([end]), /line 1: operation 0 is not under way/],
      [historyText([call, call]), /line 2: operation 0 was invoked already/],
      [historyText([call, { ...end, at_ns: 2 }]), /line 2: at_ns 2 is before/],
      [historyText([call, end, end]), /line 3: operation 0 is not under way/],
      [historyText(recorded(get(0, 1, written(1)))), /get cannot end with written/],
      [historyText(recorded(set(0, 1, "a", written(1)), set(2, 3, "a", written(2)))), /both write "a"/],
      [historyText(recorded(set(0, 1, "a", written(2), 1))), /revision 1, which was never answered/],
      [`${historyText([call])}${" ".repeat(70_000)}\n`, /line 2: .*too long/],
    ];
    for (const [text, why] of refused) assert.throws(() => verdictOn(text), why);
  });

  it("says so when it cannot decide in time", () => {
    // Any of sixty writes may have made any of the revisions that conflicts name; and the end cannot be explained.
    const open = Array.from({ length: 60 }, (_, i) => set(0, 100, `w${i}`, "unknown"));
    const seen = Array.from({ length: 30 }, (_, i) =>
      set(200 + 2 * i, 201 + 2 * i, `c${i}`, conflict(10 + i), 0),
    );
    const file = join(folder, "hard.ndjson");
    writeFileSync(file, historyText(recorded(...open, ...seen, get(300, 301, value("nobody's", 50)))));
    const { verdict, ok } = judge(file, { seconds: 1 });
    assert.deepEqual([verdict, ok], ["undecided", false]);
  });

  it("judges as trying every order does", () => {
    const verdicts = { linearizable: 0, refuted: 0 };
    for (let seed = 1; seed <= RANDOM_HISTORIES; seed++) {
      const operations = randomHistory(new Seeded(seed));
      if (operations === null) continue;
      const expected = someOrderExplains(operations) ? "linearizable" : "refuted";
      const { verdict, reason } = verdictOf(recorded(...operations));
      assert.equal(verdict, expected, `seed ${seed}: ${reason}\n${historyText(recorded(...operations))}`);
      verdicts[expected]++;
    }
    assert.ok(
      Math.min(verdicts.linearizable, verdicts.refuted) > RANDOM_HISTORIES / 5,
      JSON.stringify(verdicts),
    );
  });
});
