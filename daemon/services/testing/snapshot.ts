/** A swarm of three as its second node sees it, for tests: node-a leads, node-c has been silent for a while. */
import { type ControlState, emptyControlState, type SessionState } from "../../../consensus/control/index.js";
import { testHash } from "../../../consensus/testing/committee.js";
import type { SessionSpec } from "../../../training/session.js";
import type { PresenceSnapshot, SwarmSnapshot } from "../source.js";

export const NOW_MS = Date.UTC(2026, 0, 2, 3, 4, 5);
export const A = "12D3KooWA";
export const B = "12D3KooWB";
export const C = "12D3KooWC";

export function specFixture(overrides: Partial<SessionSpec> = {}): SessionSpec {
  return {
    v: 1,
    model: { type: "gpt2", hiddenSize: 64, numLayers: 2, numHeads: 4, contextLength: 64, vocabSize: 80 },
    data: {
      kind: "text",
      dataset: "builtin:moby-dick",
      fingerprint: testHash("data"),
      tokenizer: { type: "byte" },
      vocabSize: 80,
      contextLength: 64,
      trainSamples: 1000,
      validationSamples: 100,
    },
    strategy: { name: "cooperative_sgd", innerSteps: 10, outerLearningRate: 1, outerMomentum: 0 },
    codec: "int8",
    aggregator: "centered_clip",
    batchSize: 10,
    optimizer: {
      learningRate: 0.001,
      beta1: 0.9,
      beta2: 0.95,
      epsilon: 1e-8,
      weightDecay: 0.1,
      clipNorm: 1,
      warmupSteps: 10,
      totalSteps: 1000,
      finalLearningRateRatio: 0.1,
    },
    rounds: 50,
    epochs: 3,
    evaluateEvery: 5,
    seed: 1,
    roundTimeoutMs: 60_000,
    nodes: null,
    warnings: ["few rounds: plain averaging is used"],
    ...overrides,
  };
}

export function sessionFixture(overrides: Partial<SessionState> = {}): SessionState {
  return {
    id: "training_789ghi",
    spec: specFixture(),
    status: "running",
    round: 8,
    height: 7,
    version: { hash: testHash("version-7"), bytes: 4096, chunkRoot: testHash("chunks-7") },
    parent: testHash("decision-7"),
    cursor: { next: 140, holes: [[100, 110]] },
    participants: [A, B, C],
    rounds: 50,
    batches: 300,
    failuresInARow: 0,
    samples: 1300,
    lossNats: 2.3456789,
    firstEvaluation: { height: 0, lossNats: 4.4, accuracy: null, samples: 100 },
    evaluations: [
      { height: 0, lossNats: 4.4, accuracy: null, samples: 100 },
      { height: 5, lossNats: 2.5, accuracy: null, samples: 100 },
    ],
    createdAtMs: NOW_MS - 60_000,
    createdBy: A,
    roundOpenedAtMs: NOW_MS - 1000,
    endedAtMs: null,
    reason: null,
    ...overrides,
  };
}

export function controlFixture(overrides: Partial<ControlState> = {}): ControlState {
  const member = (peer: string, name: string, joinedIndex: number) => ({ peer, name, joinedIndex });
  return {
    ...emptyControlState("default", testHash("formation")),
    index: 42,
    members: [member(A, "node-a", 1), member(B, "node-b", 1), member(C, "node-c", 2)],
    voters: [A, B, C],
    session: sessionFixture(),
    ...overrides,
  };
}

export function presenceFixture(peer: string, overrides: Partial<PresenceSnapshot> = {}): PresenceSnapshot {
  return {
    peer,
    name: "",
    alive: true,
    lastSeenAtMs: NOW_MS - 500,
    addresses: [],
    version: "0.1.0",
    modelHash: testHash("version-7"),
    height: 7,
    session: "training_789ghi",
    canTrain: true,
    reason: null,
    phase: "training",
    round: 8,
    steps: 5,
    lossNats: 2.25,
    samplesPerSecond: 50,
    memoryUsedBytes: 2e9,
    memoryTotalBytes: 8e9,
    backend: "wasm",
    ...overrides,
  };
}

export function snapshotFixture(overrides: Partial<SwarmSnapshot> = {}): SwarmSnapshot {
  return {
    nowMs: NOW_MS,
    swarm: "default",
    self: {
      peer: B,
      name: "node-b",
      zone: "",
      version: "0.1.0",
      startedAtMs: NOW_MS - 90_000,
      addresses: ["/ip4/10.0.0.2/tcp/9473"],
    },
    control: controlFixture(),
    raft: {
      role: "follower",
      term: 3,
      leader: A,
      commitIndex: 42,
      appliedIndex: 42,
      lastIndex: 43,
      snapshotIndex: 0,
    },
    follows: false,
    voterHealth: { alive: 2, silent: 1, dead: 0 },
    presence: [
      presenceFixture(A, { samplesPerSecond: 100, steps: 12 }),
      presenceFixture(B),
      presenceFixture(C, { alive: false, lastSeenAtMs: NOW_MS - 60_000, samplesPerSecond: 500 }),
    ],
    connections: [
      {
        peer: A,
        address: "/ip4/10.0.0.1/tcp/9473/p2p/12D3KooWA",
        direction: "outbound",
        latencyMs: 15.2,
        openedAtMs: NOW_MS - 80_000,
      },
    ],
    traffic: {
      bytesSent: 1000,
      bytesReceived: 2000,
      gossip: [
        { topic: "updates", verdict: "accepted", messages: 7 },
        { topic: "updates", verdict: "rejected", messages: 1 },
      ],
      blobBytesFetched: 10,
      blobBytesServed: 20,
      blobChunksCorrupt: 0,
      refused: { "other swarm": 2 },
    },
    trainer: { enabled: true, backend: "wasm", restarts: 1, rssBytes: 1e9 },
    votes: { approval: "auto", timeoutMs: 3_600_000, open: [] },
    checks: {},
    ...overrides,
  };
}
