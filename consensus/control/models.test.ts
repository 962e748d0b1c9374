import assert from "node:assert/strict";
import { toBytes } from "../encoding.js";
import { Committee, testHash } from "../testing/committee.js";
import type { Certificate } from "../types.js";
import {
  type ApplyOutcome,
  type Command,
  ControlMachine,
  encodeCommand,
  MODELS_MAX,
  modelBlobs,
  modelOf,
  type StoredModel,
} from "./index.js";
import { MODEL_TAGS_MAX, MODELS_BYTES_MAX } from "./models.js";

const committee = new Committee(3);
const founded = { swarm: "test", formation: committee.formation, voters: committee.names };
const codeOf = (outcome: ApplyOutcome) => (outcome.kind === "refused" ? outcome.code : "applied");

function upload(id: string, more: Partial<StoredModel> = {}): StoredModel {
  return {
    id,
    name: `name-of-${id}`,
    tags: {},
    kind: "uploaded",
    version: { hash: testHash(id), bytes: 10, chunkRoot: testHash("root") },
    spec: { v: 1 },
    session: null,
    height: 0,
    by: "voter-0",
    atMs: 1,
    ...more,
  };
}

class Bench {
  readonly machine = new ControlMachine(founded, committee.verify);
  index = 0;

  constructor() {
    this.machine.configure({ voters: committee.names, learners: [] }, { index: ++this.index, term: 1 });
  }

  apply(command: Command): string {
    return codeOf(this.machine.apply(encodeCommand(command), { index: ++this.index, term: 1 }));
  }

  add(model: StoredModel): string {
    return this.apply({ v: 1, type: "model.add", model });
  }

  remove(id: string): string {
    return this.apply({ v: 1, type: "model.delete", id, by: "voter-1", atMs: 2 });
  }

  create(id: string, model?: string): string {
    const participants: string[] = [];
    const common = { v: 1, type: "session.create", spec: { v: 1 }, rounds: 9, batches: null } as const;
    return this.apply({
      ...common,
      id,
      participants,
      by: "voter-0",
      atMs: 5,
      ...(model === undefined ? {} : { model }),
    });
  }

  commit(certificate: Certificate): string {
    const { names } = committee;
    return this.apply({
      v: 1,
      type: "round.commit",
      certificate,
      participants: names,
      evaluation: null,
      atMs: 6,
    });
  }
}

describe("consensus/control: models", () => {
  it("keeps what was uploaded by id and name, once, and forgets what is deleted", () => {
    const bench = new Bench();
    assert.equal(bench.add(upload("m1", { tags: { best: "" } })), "applied");
    assert.equal(bench.add(upload("m1")), "applied", "proposed again by whoever missed the answer");
    assert.equal(bench.add(upload("m2", { name: "name-of-m1" })), "MODEL_EXISTS");
    assert.equal(bench.add(upload("m2")), "applied");
    const { state } = bench.machine;
    assert.deepEqual(
      state.models.map((m) => m.id),
      ["m1", "m2"],
    );
    assert.equal(modelOf(state, "name-of-m2")?.id, "m2");
    assert.equal(modelOf(state, "m1")?.tags.best, "");
    assert.equal(modelOf(state, "m3"), null);
    assert.deepEqual([...modelBlobs(state)], [testHash("m1"), testHash("m2")]);
    assert.equal(bench.remove("m1"), "applied");
    assert.equal(bench.remove("m1"), "MODEL_NOT_FOUND");
    assert.equal(bench.add(upload("m3", { name: "name-of-m1" })), "applied", "the name is free again");
  });

  it("saves only a version that it has certified, of the head or from its history", () => {
    const bench = new Bench();
    bench.create("s1");
    const chain = committee.chain(3);
    for (const certificate of chain) assert.equal(bench.commit(certificate), "applied");
    const saved = (height: number, more: Partial<StoredModel> = {}) =>
      upload(`saved-${height}-${Object.keys(more).length}`, {
        kind: "saved",
        session: "s1",
        height,
        version: (chain[height] as Certificate).decision.result,
        ...more,
      });
    assert.equal(bench.add(saved(2)), "applied");
    assert.equal(bench.add(saved(1)), "applied");
    assert.equal(bench.add(saved(0, { height: 1 })), "MODEL_NOT_FOUND");
    assert.equal(bench.add(saved(2, { session: "s2" })), "MODEL_NOT_FOUND");
    assert.equal(
      bench.add(saved(2, { version: { hash: testHash("x"), bytes: 1, chunkRoot: testHash("y") } })),
      "MODEL_NOT_FOUND",
    );
  });

  it("starts a session from a model that is there, and from no other", () => {
    const bench = new Bench();
    bench.add(upload("m1"));
    assert.equal(bench.create("s1", "m2"), "MODEL_NOT_FOUND");
    assert.equal(bench.machine.state.session, null);
    assert.equal(bench.create("s1", "m1"), "applied");
    assert.equal(bench.machine.state.history.at(-1)?.reason, "created from model m1");
    assert.equal(bench.create("s2", "m1"), "TRAINING_IN_PROGRESS");
  });

  it("has a bound on how many there are and on their bytes, and restores from a snapshot with all of them", () => {
    const bench = new Bench();
    for (let i = 0; i < MODELS_MAX; i++) assert.equal(bench.add(upload(`m${i}`)), "applied");
    assert.equal(bench.add(upload("one-more")), "MODELS_FULL");
    const heavy = new Bench();
    const spec = { text: "s".repeat(60_000) };
    let added = 0;
    while (heavy.add(upload(`m${added}`, { spec })) === "applied") added += 1;
    assert.equal(heavy.add(upload("next", { spec })), "MODELS_FULL");
    assert.ok(added > 10 && toBytes(heavy.machine.state.models).length <= MODELS_BYTES_MAX + 1024);
    const other = new ControlMachine(founded, committee.verify);
    other.restore(bench.machine.snapshot());
    assert.deepEqual(Buffer.from(other.snapshot()), Buffer.from(bench.machine.snapshot()));
  });

  it("restores from a snapshot that was taken before there were models", () => {
    const bench = new Bench();
    const { models, ...before } = bench.machine.state;
    assert.deepEqual(models, []);
    const other = new ControlMachine(founded, committee.verify);
    other.restore(toBytes(before));
    assert.deepEqual(other.state, bench.machine.state);
  });

  it("is not proposed with names and tags that do not fit", () => {
    const bench = new Bench();
    const refused = (model: StoredModel, why: RegExp) => assert.throws(() => bench.add(model), why);
    refused(upload("m", { name: "../up" }), /letters, digits/);
    refused(upload("m", { name: "n".repeat(129) }), /at most 128/);
    refused(upload("m", { tags: { "two words": "" } }), /letters, digits/);
    const tags = Object.fromEntries(Array.from({ length: MODEL_TAGS_MAX + 1 }, (_, i) => [`t${i}`, ""]));
    refused(upload("m", { tags }), /at most 16 tags/);
    refused(upload("m", { spec: { text: "s".repeat(65_536) } }), /at most 65536 bytes/);
  });
});
