/** One of everything that is signed or stands in the log, with every field filled, for golden vectors. */
import type { Command } from "../control/commands.js";
import type { Genesis } from "../formation/genesis.js";
import type {
  Certificate,
  CommitteeCertificate,
  CommitteeDecision,
  Decision,
  RecoveryDecision,
  RecoveryRecord,
} from "../types.js";
import { testHash } from "./committee.js";

const [A, B, C, D] = ["peer-a", "peer-b", "peer-c", "peer-d"] as const;
const signature = (fill: number) => new Uint8Array(64).fill(fill);
const atMs = 1_700_000_000_000;

export const SAMPLE_GENESIS: Genesis = {
  v: 1,
  swarm: "sample",
  nonce: "00112233445566778899aabbccddeeff",
  voters: [A, B, C],
  formedAtMs: atMs,
};

export const SAMPLE_FIRST_DECISION: Decision = {
  v: 1,
  swarm: "sample",
  formation: testHash("formation"),
  session: "training_1",
  round: 0,
  height: 0,
  term: 1,
  base: null,
  parent: null,
  updates: [],
  rejected: [],
  result: { hash: testHash("version-0"), bytes: 1024, chunkRoot: testHash("chunks-0") },
  cursor: { next: 0, holes: [] },
  voters: [A, B, C],
};

export const SAMPLE_DECISION: Decision = {
  ...SAMPLE_FIRST_DECISION,
  round: 8,
  height: 7,
  term: 3,
  base: testHash("version-6"),
  parent: testHash("decision-6"),
  updates: [
    { peer: A, manifest: testHash("ma"), payload: testHash("pa"), steps: 10, samples: 80, lossNats: 2.5 },
    { peer: B, manifest: testHash("mb"), payload: testHash("pb"), steps: 300, samples: 2400, lossNats: 0.1 },
  ],
  rejected: [{ peer: C, reason: "value 3 of the update is NaN" }],
  result: { hash: testHash("version-7"), bytes: 70_000, chunkRoot: testHash("chunks-7") },
  cursor: {
    next: 5000,
    holes: [
      [10, 20],
      [300, 4294967296],
    ],
  },
};

export const SAMPLE_COMMITTEE_DECISION: CommitteeDecision = {
  v: 1,
  swarm: "sample",
  formation: testHash("formation"),
  seq: 2,
  term: 3,
  parent: testHash("committee-1"),
  from: [A, B, C],
  voters: [A, B, D],
};

export const SAMPLE_RECOVERY_DECISION: RecoveryDecision = {
  v: 1,
  swarm: "sample",
  formation: testHash("formation"),
  by: A,
  count: 1,
  seq: 3,
  parent: testHash("committee-2"),
  from: [A, B, D],
  configuration: [A, B, C, D],
  term: 5,
  index: 1234,
  session: "training_1",
  height: 7,
  version: testHash("version-7"),
  atMs,
};

export const SAMPLE_RECOVERY: RecoveryRecord = {
  decision: SAMPLE_RECOVERY_DECISION,
  signature: signature(7),
};

export const SAMPLE_CERTIFICATE: Certificate = {
  decision: SAMPLE_DECISION,
  votes: [
    { peer: A, signature: signature(1) },
    { peer: C, signature: signature(3) },
  ],
};

export const SAMPLE_COMMITTEE_CERTIFICATE: CommitteeCertificate = {
  decision: SAMPLE_COMMITTEE_DECISION,
  votes: [
    { peer: A, signature: signature(1) },
    { peer: B, signature: signature(2) },
  ],
};

const evaluation = { height: 6, lossNats: 2.25, accuracy: 0.5, samples: 100 };

/** By type: a new command without a sample does not compile. */
export const SAMPLE_COMMANDS: { readonly [T in Command["type"]]: Extract<Command, { type: T }> } = {
  "member.join": { v: 1, type: "member.join", peer: D, name: "fourth", atMs },
  "committee.change": {
    v: 1,
    type: "committee.change",
    certificate: { ...SAMPLE_COMMITTEE_CERTIFICATE, votes: [...SAMPLE_COMMITTEE_CERTIFICATE.votes] },
    atMs,
  },
  "committee.plan": {
    v: 1,
    type: "committee.plan",
    promoted: [D],
    demoted: [C],
    reason: "peer-c has been away for 60 s: replaced by peer-d",
    atMs,
  },
  "session.create": {
    v: 1,
    type: "session.create",
    id: "training_1",
    spec: { v: 1, codec: "int8", nested: { rate: 0.001 } },
    rounds: 50,
    batches: null,
    participants: [A, B],
    by: A,
    atMs,
  },
  "session.stop": { v: 1, type: "session.stop", id: "training_1", reason: "stopped on request", atMs },
  "session.pause": { v: 1, type: "session.pause", id: "training_1", reason: "maintenance", atMs },
  "session.resume": { v: 1, type: "session.resume", id: "training_1", atMs },
  "session.finish": {
    v: 1,
    type: "session.finish",
    id: "training_1",
    outcome: "failed",
    reason: "25 rounds in a row made no version",
    evaluation,
    atMs,
  },
  "round.commit": {
    v: 1,
    type: "round.commit",
    certificate: { ...SAMPLE_CERTIFICATE, votes: [...SAMPLE_CERTIFICATE.votes] },
    participants: [A, B, D],
    evaluation: { ...evaluation, accuracy: null },
    atMs,
  },
  "round.fail": {
    v: 1,
    type: "round.fail",
    session: "training_1",
    round: 9,
    reason: "too few updates",
    refusals: [{ peer: B, reason: "this node computed another result" }],
    participants: [A, B],
    atMs,
  },
  "settings.set": {
    v: 1,
    type: "settings.set",
    key: "user.note",
    value: { text: "größer", list: [1, 0.5, null, true] },
    expect: 0,
    by: A,
    atMs,
  },
  "member.remove": { v: 1, type: "member.remove", peer: B, name: "gpu2", atMs },
  "member.readmit": { v: 1, type: "member.readmit", peer: B, atMs },
  "settings.delete": { v: 1, type: "settings.delete", key: "user.note", expect: null, by: B, atMs },
  "model.add": {
    v: 1,
    type: "model.add",
    model: {
      id: "model_1",
      name: "before-the-change",
      tags: { stage: "candidate", best: "" },
      kind: "saved",
      version: { hash: testHash("version-7"), bytes: 1024, chunkRoot: testHash("chunks-7") },
      spec: { v: 1, codec: "int8", nested: { rate: 0.001 } },
      session: "training_1",
      height: 7,
      by: A,
      atMs,
    },
  },
  "model.delete": { v: 1, type: "model.delete", id: "model_1", by: B, atMs },
};
