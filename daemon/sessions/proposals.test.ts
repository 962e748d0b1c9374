import assert from "node:assert/strict";
import { type Command, encodeCommand, type JsonValue } from "../../consensus/control/index.js";
import { toBytes } from "../../consensus/encoding.js";
import { specFixture } from "../services/testing/snapshot.js";
import { proposalFault } from "./proposals.js";

const state = { members: [{ peer: "member", name: "", joinedIndex: 1 }] };
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
const stop: Command = { v: 1, type: "session.stop", id: "s1", reason: "on request", atMs: 1 };
const faultOf = (command: Command, from = "member") => proposalFault(encodeCommand(command), from, state);

describe("proposalFault", () => {
  it("lets a member start and stop sessions", () => {
    assert.equal(faultOf(create()), null);
    assert.equal(faultOf(stop), null);
  });

  it("refuses both to everybody else", () => {
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

  it("refuses what is the leader's own to write, and what is no command", () => {
    const join: Command = { v: 1, type: "member.join", peer: "member", name: "x", atMs: 1 };
    assert.match(faultOf(join) ?? "", /cannot propose member\.join/);
    assert.match(proposalFault(Uint8Array.of(1, 2), "member", state) ?? "", /command/);
  });
});
