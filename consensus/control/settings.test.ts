import assert from "node:assert/strict";
import fc from "fast-check";
import { fromBytes, toBytes } from "../encoding.js";
import { MAX_SNAPSHOT_BYTES } from "../raft/messages.js";
import { Committee } from "../testing/committee.js";
import {
  type ApplyOutcome,
  type Command,
  ControlMachine,
  controlStateSchema,
  encodeCommand,
  type JsonValue,
  jsonFault,
  SETTING_VALUE_BYTES_MAX,
  SETTINGS_BYTES_MAX,
  SETTINGS_MAX,
  settingKeySchema,
  settingOf,
} from "./index.js";
import { SETTING_DEPTH_MAX, SETTING_KEY_CHARS_MAX } from "./settings.js";

const committee = new Committee(3);
const founded = { swarm: "test", formation: committee.formation, voters: committee.names };

class Bench {
  readonly machine = new ControlMachine(founded, committee.verify);
  index = 0;

  apply(command: Command): ApplyOutcome {
    return this.machine.apply(encodeCommand(command), { index: ++this.index, term: 1 });
  }

  set(key: string, value: JsonValue, expect: number | null = null): ApplyOutcome {
    return this.apply({ v: 1, type: "settings.set", key, value, expect, by: "voter-0", atMs: 7 });
  }

  remove(key: string, expect: number | null = null): ApplyOutcome {
    return this.apply({ v: 1, type: "settings.delete", key, expect, by: "voter-1", atMs: 8 });
  }

  get settings() {
    return this.machine.state.settings;
  }
}

const said = (outcome: ApplyOutcome) =>
  outcome.kind === "applied" ? ["applied", outcome.revision] : [outcome.code, outcome.revision];

describe("consensus/control: settings", () => {
  it("sets, replaces and deletes, with the index of the entry as the revision", () => {
    const bench = new Bench();
    assert.deepEqual(bench.settings, { revision: 0, entries: [] });
    assert.deepEqual(said(bench.set("b", { deep: [1, "x", null] })), ["applied", 1]);
    assert.deepEqual(said(bench.set("a", "text")), ["applied", 2]);
    assert.deepEqual(said(bench.set("a", "text")), ["applied", 3], "the same value is a change too");
    assert.deepEqual(
      bench.settings.entries.map(({ key, revision }) => [key, revision]),
      [
        ["a", 3],
        ["b", 1],
      ],
    );
    assert.deepEqual(settingOf(bench.settings, "b"), {
      key: "b",
      value: { deep: [1, "x", null] },
      revision: 1,
      by: "voter-0",
      atMs: 7,
    });
    assert.deepEqual(said(bench.remove("a")), ["applied", 4]);
    assert.equal(settingOf(bench.settings, "a"), null);
    assert.equal(bench.settings.revision, 4);
    assert.equal(bench.machine.state.historyTotal, 0, "decisions of training are not pushed out");
  });

  it("changes nothing unless the revision is the expected one, and says which it is", () => {
    const bench = new Bench();
    bench.set("a", 1);
    const before = bench.settings;
    assert.deepEqual(said(bench.set("a", 2, 0)), ["SETTING_CONFLICT", 1]);
    assert.deepEqual(said(bench.set("a", 2, 7)), ["SETTING_CONFLICT", 1]);
    assert.deepEqual(said(bench.set("b", 2, 1)), ["SETTING_CONFLICT", 0]);
    assert.deepEqual(said(bench.remove("a", 2)), ["SETTING_CONFLICT", 1]);
    assert.deepEqual(said(bench.remove("b", 2)), ["SETTING_CONFLICT", 0]);
    assert.deepEqual(said(bench.remove("b")), ["SETTING_NOT_FOUND", 0]);
    assert.deepEqual(bench.settings, before);
    assert.deepEqual(said(bench.set("b", 2, 0)), ["applied", 8]);
    assert.deepEqual(said(bench.set("b", 3, 8)), ["applied", 9]);
    assert.deepEqual(said(bench.remove("b", 9)), ["applied", 10]);
    assert.deepEqual(said(bench.set("b", 4, 9)), ["SETTING_CONFLICT", 0], "a deleted key begins anew");
  });

  it("keeps to its bounds in number and in bytes", () => {
    const many = new Bench();
    for (let i = 0; i < SETTINGS_MAX; i++) assert.equal(many.set(`k${i}`, i).kind, "applied");
    assert.deepEqual(said(many.set("more", 1)), ["SETTINGS_FULL", 0]);
    assert.equal(many.set("k0", "replaced").kind, "applied", "a key that is there has its place");
    many.remove("k1");
    assert.equal(many.set("more", 1).kind, "applied");

    const large = new Bench();
    const value = "x".repeat(SETTING_VALUE_BYTES_MAX - 3);
    let kept = 0;
    while (large.set(`k${kept}`, value).kind === "applied") kept++;
    assert.equal(kept, Math.floor(SETTINGS_BYTES_MAX / (SETTING_VALUE_BYTES_MAX + 3)));
    assert.deepEqual(said(large.set("another", value)), ["SETTINGS_FULL", 0]);
    assert.equal(large.set("k0", 1).kind, "applied", "a smaller value makes room");
    assert.equal(large.set("another", value).kind, "applied");
    assert.ok(large.machine.snapshot().length < MAX_SNAPSHOT_BYTES / 16);
  });

  it("takes no key and no value beyond their bounds, on any node", () => {
    const bench = new Bench();
    for (const key of ["", "A", ".a", "a b", "a/b", "ä", "k".repeat(SETTING_KEY_CHARS_MAX + 1)]) {
      assert.equal(settingKeySchema.safeParse(key).success, false, key);
      assert.throws(() => bench.set(key, 1), { code: "MESSAGE_MALFORMED" });
    }
    assert.equal(settingKeySchema.safeParse("k".repeat(SETTING_KEY_CHARS_MAX)).success, true);
    let deep: JsonValue = 1;
    for (let i = 0; i < SETTING_DEPTH_MAX; i++) deep = [deep];
    assert.equal(bench.set("deep", deep).kind, "applied");
    for (const value of [[deep], "x".repeat(SETTING_VALUE_BYTES_MAX)])
      assert.throws(() => bench.set("k", value), { code: "MESSAGE_MALFORMED" });
    const base = { v: 1, type: "settings.set", key: "k", expect: null, by: "a", atMs: 1 };
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, 2n ** 60n, new Uint8Array(3), [deep]]) {
      const outcome = bench.machine.apply(toBytes({ ...base, value }), { index: ++bench.index, term: 1 });
      assert.equal(outcome.kind === "refused" && outcome.code, "COMMAND_UNKNOWN", String(value));
    }
    assert.equal(bench.settings.entries.length, 1);
  });

  it("says what is not JSON, at any depth, without following it down", () => {
    assert.equal(jsonFault({ a: [1, null, "x", true] }, 2), null);
    assert.match(jsonFault({ a: undefined }, 3) ?? "", /undefined is not JSON/);
    assert.match(jsonFault([new Date(0)], 3) ?? "", /not plain/);
    assert.match(jsonFault(JSON.parse('{"__proto__": 1}'), 3) ?? "", /__proto__/);
    for (const text of ["\ud800", { "\udc00": 1 }]) assert.match(jsonFault(text, 3) ?? "", /well-formed/);
    let deep: unknown = 1;
    for (let i = 0; i < 100_000; i++) deep = [deep];
    assert.equal(jsonFault(deep, SETTING_DEPTH_MAX), "nested too deep");
  });

  it("reads a snapshot from before there were settings", () => {
    const bench = new Bench();
    bench.set("a", 1);
    const { settings, ...old } = bench.machine.state;
    assert.equal(settings.entries.length, 1);
    const machine = new ControlMachine(founded, committee.verify);
    machine.restore(toBytes(old));
    assert.deepEqual(machine.state.settings, { revision: 0, entries: [] });
  });

  it("is a map, whatever is done to it in whatever order", () => {
    const key = fc.constantFrom("a", "b", "c");
    const expect = fc.option(fc.nat({ max: 20 }), { nil: null });
    const step = fc.oneof(
      fc.record({ key, value: fc.jsonValue({ maxDepth: 3 }), expect }),
      fc.record({ key, expect }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), fc.nat({ max: 40 }), (steps, restart) => {
        const model = new Map<string, { value: unknown; revision: number }>();
        const bench = new Bench();
        let revision = 0;
        for (const [i, { key, expect, ...set }] of steps.entries()) {
          if (i === restart) {
            const bytes = bench.machine.snapshot();
            bench.machine.restore(bytes);
            assert.deepEqual(Buffer.from(bench.machine.snapshot()), Buffer.from(bytes));
          }
          const present = model.get(key)?.revision ?? 0;
          const deletes = !("value" in set);
          // A deletion cannot expect that there is nothing.
          const wanted = deletes && expect === 0 ? null : expect;
          const outcome = deletes
            ? bench.remove(key, wanted)
            : bench.set(key, set.value as JsonValue, wanted);
          if (wanted !== null && wanted !== present)
            assert.deepEqual(said(outcome), ["SETTING_CONFLICT", present]);
          else if (deletes && present === 0) assert.deepEqual(said(outcome), ["SETTING_NOT_FOUND", 0]);
          else {
            revision = bench.index;
            assert.deepEqual(said(outcome), ["applied", revision]);
            if (deletes) model.delete(key);
            else model.set(key, { value: JSON.parse(JSON.stringify(set.value)), revision });
          }
          assert.equal(bench.settings.revision, revision);
          const held = bench.settings.entries.map(({ key, value, revision }) => [key, { value, revision }]);
          assert.deepEqual(
            JSON.parse(JSON.stringify(held)),
            [...model].sort(([a], [b]) => (a < b ? -1 : 1)),
          );
        }
        fromBytes(controlStateSchema, bench.machine.snapshot(), "state", MAX_SNAPSHOT_BYTES);
      }),
      { numRuns: 200 },
    );
  });
});
