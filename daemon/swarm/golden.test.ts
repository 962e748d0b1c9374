/**
 * The bytes of every call's request and responses, as nodes of this version send them. A change here is a change of the
 * wire format. After an intended one: `UPDATE_GOLDEN=1 npm test -- --grep "golden bytes"`, and review the diff.
 */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { encodeCommand } from "../../consensus/control/index.js";
import { decode, encodeAs } from "../../protocol/codec.js";
import {
  identityFromSeed,
  type RpcMethod,
  sha256,
  signManifest,
  type UpdateManifest,
} from "../../protocol/index.js";
import {
  committeesMethod,
  formationMethod,
  genesisMethod,
  handoverMethod,
  joinMethod,
  lineageMethod,
  METHODS,
  positionMethod,
  proposeMethod,
  readmitMethod,
  removeMethod,
  standingMethod,
  stateMethod,
  voteMethod,
} from "./methods.js";
import golden from "./testdata/methods.json" with { type: "json" };

const identity = identityFromSeed(new Uint8Array(32).fill(1));
const v = 1 as const;
const hash = sha256(Uint8Array.of(1, 2, 3));
const genesis = {
  v,
  swarm: "default",
  nonce: "0123456789abcdef0123456789abcdef",
  voters: [identity.peerId],
  formedAtMs: 1_700_000_000_000,
};
const manifest: UpdateManifest = {
  v,
  session: "training_1",
  round: 7,
  base: hash,
  codec: "int8",
  contribution: "pseudo_gradient",
  steps: 30,
  samples: 480,
  lossNats: 2.25,
  payload: { hash, bytes: 3, chunkRoot: hash },
};
const { manifest: bytes, peer, signature } = signManifest(identity, manifest);
const command = encodeCommand({ v, type: "session.stop", id: "training_1", reason: "enough", atMs: 1 });

const hex = (body: Uint8Array) => Buffer.from(body).toString("hex");
function bodies<Q, A>(method: RpcMethod<Q, A>, requests: readonly Q[], responses: readonly A[]) {
  return {
    requests: requests.map((body) => hex(encodeAs(method.request, body, method.name))),
    responses: responses.map((body) => hex(encodeAs(method.response, body, method.name))),
  };
}

const CALLS: Record<string, { requests: string[]; responses: string[] }> = {
  formation: bodies(
    formationMethod,
    [
      { v, kind: "prepare", genesis },
      { v, kind: "commit", genesis },
      { v, kind: "query", genesis },
      { v, kind: "renounce", genesis },
    ],
    [
      { v, kind: "promised" },
      { v, kind: "refused", reason: "promised to another" },
      { v, kind: "founded", genesis },
      { v, kind: "aborted" },
      { v, kind: "undecided" },
      { v, kind: "renounced" },
    ],
  ),
  genesis: bodies(
    genesisMethod,
    [{ v }],
    [
      { v, genesis: Uint8Array.of(0xa0), expect: 0 },
      { v, genesis: null, expect: 3 },
      { v, genesis: Uint8Array.of(0xa0), expect: 0, recovery: Uint8Array.of(0xa1) },
    ],
  ),
  join: bodies(
    joinMethod,
    [
      { v, name: "red", empty: true },
      { v, name: "red", empty: false },
    ],
    [
      { v, status: "admitted", leader: peer, reason: null, voters: [peer] },
      { v, status: "redirect", leader: peer, reason: null, voters: [peer] },
      { v, status: "wait", leader: null, reason: "no leader is known", voters: [] },
      { v, status: "refused", leader: peer, reason: "its log is empty", voters: [peer] },
      { v, status: "refused", leader: peer, reason: "it was put out", voters: [peer], removed: true },
      { v, status: "follow", leader: peer, reason: "all places are taken", voters: [peer], learnersMax: 8 },
    ],
  ),
  propose: bodies(
    proposeMethod,
    [{ v, command }],
    [
      { v, outcome: { kind: "applied" } },
      { v, outcome: { kind: "refused", code: "SESSION_NOT_FOUND", reason: "no such session" } },
      { v, outcome: { kind: "applied", revision: 42 } },
      { v, outcome: { kind: "refused", code: "SETTING_CONFLICT", reason: "it is newer", revision: 42 } },
    ],
  ),
  vote: bodies(
    voteMethod,
    [{ v, decision: Uint8Array.of(0xa0), manifests: [{ manifest: bytes, peer, signature }], index: 99 }],
    [
      { v, signature: identity.sign(Uint8Array.of(1)), refusal: null },
      { v, signature: null, refusal: "the base is not mine" },
      { v, signature: null, refusal: "this node computed another hash", cause: "proposal" },
      { v, signature: null, refusal: null, waitMs: 60_000 },
    ],
  ),
  lineage: bodies(
    lineageMethod,
    [{ v, session: "training_1", to: 4 }],
    [{ v, certificates: [Uint8Array.of(0xa0)] }],
  ),
  handover: bodies(
    handoverMethod,
    [{ v, decision: Uint8Array.of(0xa0), index: 99 }],
    [
      { v, signature: identity.sign(Uint8Array.of(1)), refusal: null },
      { v, signature: null, refusal: "not in the committee" },
    ],
  ),
  committees: bodies(committeesMethod, [{ v, from: 1 }], [{ v, certificates: [Uint8Array.of(0xa0)] }]),
  position: bodies(positionMethod, [{ v }], [{ v, term: 3, commit: 7, last: 9 }]),
  state: bodies(
    stateMethod,
    [
      { v, full: false },
      { v, full: true },
    ],
    [
      { v, index: 99, committee: 2, learners: 8, session: null, state: null },
      {
        v,
        index: 99,
        committee: 2,
        learners: 8,
        session: { id: "training_1", status: "running", height: 7 },
        state: Uint8Array.of(0xa0),
      },
    ],
  ),
  remove: bodies(
    removeMethod,
    [{ v, peer }],
    [
      { v, status: "removed" },
      { v, status: "unknown" },
      { v, status: "wait", reason: "another change is under way" },
      { v, status: "refused", reason: "too few would be left", voters: 3, alive: 1 },
      { v, status: "full", reason: "too many are kept out" },
    ],
  ),
  readmit: bodies(
    readmitMethod,
    [{ v, peer }],
    [
      { v, status: "readmitted" },
      { v, status: "unknown" },
      { v, status: "wait", reason: "another change is under way" },
    ],
  ),
  standing: bodies(standingMethod, [{ v }], [{ v }]),
};

describe("daemon/swarm: golden bytes of calls", () => {
  it("has not changed the wire format", () => {
    if (process.env.UPDATE_GOLDEN) {
      writeFileSync("daemon/swarm/testdata/methods.json", `${JSON.stringify(CALLS, null, 2)}\n`);
      return;
    }
    assert.deepEqual(CALLS, golden);
  });

  it("holds every method, and still reads what was written", () => {
    assert.deepEqual(Object.keys(golden).sort(), METHODS.map((m) => m.name).sort());
    for (const { name, request, response, maxRequestBytes, maxResponseBytes } of METHODS) {
      const { requests, responses } = (golden as typeof CALLS)[name] ?? { requests: [], responses: [] };
      assert.ok(requests.length > 0 && responses.length > 0, name);
      for (const text of requests) {
        decode<unknown>(request, Buffer.from(text, "hex"), { what: name, maxBytes: maxRequestBytes });
      }
      for (const text of responses) {
        decode<unknown>(response, Buffer.from(text, "hex"), { what: name, maxBytes: maxResponseBytes });
      }
    }
  });
});
