import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { toBytes } from "../encoding.js";
import { SAMPLE_MESSAGES } from "../testing/raft_samples.js";
import { decodeMessage, encodeMessage, MAX_RAFT_MESSAGE_BYTES, type Message } from "./messages.js";

const GOLDEN = path.join(process.cwd(), "consensus/testdata/raft_messages.json");
const malformed = { code: "MESSAGE_MALFORMED" };
const append = SAMPLE_MESSAGES.append as Message & { type: "append" };

describe("raft messages", () => {
  /** `UPDATE_GOLDEN=1` writes the file anew: only together with a way for older nodes to understand it. */
  it("have the encoding that other versions of this software expect", () => {
    const now = Object.fromEntries(
      Object.entries(SAMPLE_MESSAGES).map(([name, m]) => [
        name,
        Buffer.from(encodeMessage(m)).toString("hex"),
      ]),
    );
    if (process.env.UPDATE_GOLDEN === "1") writeFileSync(GOLDEN, `${JSON.stringify(now, null, 2)}\n`);
    assert.ok(existsSync(GOLDEN), `${GOLDEN} is missing`);
    assert.deepEqual(now, JSON.parse(readFileSync(GOLDEN, "utf8")));
  });

  for (const [name, message] of Object.entries(SAMPLE_MESSAGES)) {
    it(`${name} comes back as it went`, () => {
      assert.deepEqual(decodeMessage(encodeMessage(message)), message);
    });
  }

  it("refuse unknown types, missing and additional fields", () => {
    const heartbeat = SAMPLE_MESSAGES.heartbeat as Message;
    const bad = [
      { ...heartbeat, type: "hello" },
      { ...heartbeat, commit: undefined },
      { ...heartbeat, extra: 1 },
      { ...heartbeat, term: -1 },
      { ...heartbeat, term: 1.5 },
      { ...heartbeat, term: 2 ** 52 },
      { ...heartbeat, from: "" },
      { ...heartbeat, from: "x".repeat(129) },
      [heartbeat],
      null,
    ];
    for (const value of bad) {
      const { commit, ...rest } = { commit: 0, ...value };
      const bytes = toBytes(commit === undefined ? rest : value);
      assert.throws(() => decodeMessage(bytes), malformed, JSON.stringify(value));
    }
  });

  it("refuse an append whose entries have a gap, a falling term, or a term of the future", () => {
    const [first, second] = append.entries;
    if (first === undefined || second === undefined) throw new Error("sample without entries");
    const lists = [
      [second],
      [first, { ...second, index: 10 }],
      [first, { ...second, term: 2 }],
      [{ ...first, term: 1 }],
      [{ ...first, term: 4 }],
      [{ ...first, kind: "other" }],
    ];
    for (const entries of lists) {
      assert.throws(() => decodeMessage(toBytes({ ...append, entries })), malformed);
    }
  });

  it("refuse a configuration in which a peer stands twice", () => {
    const sample = SAMPLE_MESSAGES.snapshot as Message & { type: "snapshot" };
    const configuration = { voters: ["a"], learners: ["a"] };
    const snapshot = { ...sample.snapshot, configuration };
    assert.throws(() => decodeMessage(toBytes({ ...sample, snapshot })), malformed);
  });

  it("refuse what is larger than a message may be", () => {
    assert.throws(() => decodeMessage(new Uint8Array(MAX_RAFT_MESSAGE_BYTES + 1)), /at most 20971520/);
  });

  it("never fail in another way, whatever the bytes", () => {
    const samples = Object.values(SAMPLE_MESSAGES).map(encodeMessage);
    const broken = fc
      .tuple(fc.constantFrom(...samples), fc.nat(), fc.nat(255), fc.nat())
      .map(([bytes, at, value, cut]) => {
        const copy = bytes.slice(0, bytes.length - (cut % 3));
        copy[at % copy.length] = value;
        return copy;
      });
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), broken), (bytes) => {
        try {
          decodeMessage(bytes);
        } catch (error) {
          assert.equal((error as { code?: string }).code, "MESSAGE_MALFORMED");
        }
      }),
      { numRuns: 500 },
    );
  });
});
