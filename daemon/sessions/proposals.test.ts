import assert from "node:assert/strict";
import {
  type Command,
  encodeCommand,
  type JsonValue,
  type StoredModel,
} from "../../consensus/control/index.js";
import { toBytes } from "../../consensus/encoding.js";
import { testHash } from "../../consensus/testing/committee.js";
import { specFixture } from "../services/testing/snapshot.js";
import { proposalFault } from "./proposals.js";

const state = { members: [{ peer: "member", name: "", joinedIndex: 1 }], models: [] };
const create = (change: Partial<Extract<Command, { type: "session.create" }>> = {}): Command => ({
  v: 1,
  type: "session.create",
  id: "s1",
  spec: specFixture(),
  rounds: 10,
  batches: null,
  participants: [],
  by: "member",
  atMs: 1,
  ...change,
});
const MODEL: StoredModel = {
  id: "m1",
  name: "kept",
  tags: {},
  kind: "uploaded",
  version: { hash: testHash("version"), bytes: 10, chunkRoot: testHash("chunks") },
  spec: specFixture(),
  session: null,
  height: 4,
  by: "member",
  atMs: 1,
};
const stop: Command = { v: 1, type: "session.stop", id: "s1", reason: "on request", atMs: 1 };
const pause: Command = { v: 1, type: "session.pause", id: "s1", reason: null, atMs: 1 };
const resume: Command = { v: 1, type: "session.resume", id: "s1", atMs: 1 };
const faultOf = (command: Command, from = "member") => proposalFault(encodeCommand(command), from, state);

describe("proposalFault", () => {
  it("lets a member start, queue, pause, resume and stop sessions", () => {
    for (const command of [create(), create({ queue: true }), pause, resume, stop])
      assert.equal(faultOf(command), null, command.type);
  });

  it("refuses them to everybody else", () => {
    for (const command of [pause, resume]) assert.match(faultOf(command, "guest") ?? "", /is not a member/);
    assert.match(faultOf(create({ by: "guest" }), "guest") ?? "", /guest is not a member/);
    assert.match(faultOf(stop, "guest") ?? "", /guest is not a member/);
  });

  it("refuses a session in the name of another node", () => {
    assert.match(faultOf(create({ by: "somebody" })) ?? "", /in the name of somebody/);
  });

  it("refuses a spec that this software cannot read, and names the field", () => {
    const spec = { ...specFixture(), codec: "int3" };
    assert.match(faultOf(create({ spec })) ?? "", /cannot read the session's spec: codec: /);
    assert.match(faultOf(create({ spec: {} })) ?? "", /cannot read the session's spec: v: /);
    const model = { ...specFixture().model, numHeads: 5 };
    assert.match(faultOf(create({ spec: { ...specFixture(), model } })) ?? "", /spec: model: /);
  });

  it("refuses a spec that the state could not keep many of", () => {
    const nodes = Array.from({ length: 6000 }, (_, i) => `${i}`.padStart(52, "n"));
    const large = toBytes(create({ spec: specFixture({ nodes }) }));
    assert.match(proposalFault(large, "member", state) ?? "", /at most 262144 are proposed/);
    const medium = toBytes(create({ spec: specFixture({ nodes: nodes.slice(0, 2000) }) }));
    assert.match(proposalFault(medium, "member", state) ?? "", /spec: at most 65536 bytes/);
  });

  it("lets a member keep what authentication remembers, as its records are", () => {
    const set = (key: string, value: JsonValue): Command => {
      return { v: 1, type: "settings.set", key, value, expect: null, by: "member", atMs: 1 };
    };
    const user = { v: 1, password: "$argon2id$", role: "viewer", createdAtMs: 1, sessions: [] };
    assert.equal(faultOf(set("auth.user.ada", user)), null);
    assert.match(faultOf(set("auth.user.ada", { ...user, role: "root" })) ?? "", /auth\.user\.ada: role: /);
    assert.match(faultOf(set("auth.user.-", user)) ?? "", /expected a name/);
    assert.match(faultOf(set("auth.other", 1)) ?? "", /no record of this version/);
  });

  it("lets a member change settings in its own name, if they mean what they are to mean", () => {
    const set = (key: string, value: JsonValue, by = "member"): Command => {
      return { v: 1, type: "settings.set", key, value, expect: null, by, atMs: 1 };
    };
    assert.equal(faultOf(set("committee.size", 3)), null);
    assert.equal(faultOf(set("user.anything", { at: ["all"] })), null);
    assert.equal(
      faultOf({ v: 1, type: "settings.delete", key: "of.old", expect: null, by: "member", atMs: 1 }),
      null,
    );
    assert.match(faultOf(set("committee.size", 4)) ?? "", /must be odd.*odd integer from 1 to 63/);
    assert.match(faultOf(set("comittee.size", 3)) ?? "", /did you mean committee\.size\?/);
    assert.match(faultOf(set("user.a", 1, "somebody")) ?? "", /in the name of somebody/);
    assert.match(faultOf(set("user.a", 1), "guest") ?? "", /guest is not a member/);
  });

  it("lets a member add and delete models in its own name, if they can be read", () => {
    const add = (change: Partial<StoredModel> = {}): Command => ({
      v: 1,
      type: "model.add",
      model: { ...MODEL, ...change },
    });
    assert.equal(faultOf(add()), null);
    assert.equal(faultOf({ v: 1, type: "model.delete", id: "m1", by: "member", atMs: 1 }), null);
    assert.match(faultOf(add({ by: "somebody" })) ?? "", /changes a model in the name of somebody/);
    assert.match(faultOf(add({ spec: {} })) ?? "", /cannot read the model's spec: v: /);
    assert.match(faultOf(add(), "guest") ?? "", /guest is not a member/);
  });

  it("lets a session start from the bytes of a model that the log has, and from nothing else", () => {
    const start = { model: "m1", version: MODEL.version, height: MODEL.height };
    const spec = { ...specFixture(), v: 2 as const, start };
    const withModel = { ...state, models: [MODEL] };
    const fault = (command: Command) => proposalFault(encodeCommand(command), "member", withModel);
    assert.equal(fault(create({ spec, model: "m1" })), null);
    assert.match(fault(create({ spec })) ?? "", /a model that it does not name/);
    assert.match(fault(create({ model: "m1" })) ?? "", /does not start from the bytes of model m1/);
    const other = { ...start, version: { ...MODEL.version, hash: testHash("other") } };
    assert.match(
      fault(create({ spec: { ...spec, start: other }, model: "m1" })) ?? "",
      /does not start from/,
    );
    assert.match(
      fault(create({ spec: { ...spec, v: 1 }, model: "m1" })) ?? "",
      /2 exactly when there is a start/,
    );
  });

  it("refuses what is the leader's own to write, and what is no command", () => {
    const join: Command = { v: 1, type: "member.join", peer: "member", name: "x", atMs: 1 };
    assert.match(faultOf(join) ?? "", /cannot propose member\.join/);
    assert.match(proposalFault(Uint8Array.of(1, 2), "member", state) ?? "", /command/);
  });
});
