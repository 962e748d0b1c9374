/** One event of each type, as docs/API.md shows them too. */
import { testHash } from "../../../consensus/testing/committee.js";
import type { EventData, EventOf, EventType } from "../schema.js";

const session = "training_789ghi";

const data: { readonly [T in EventType]: EventData<T> } = {
  node_joined: { id: "12D3KooWA", name: "gpu1", address: "192.168.1.100:9473", reason: "admitted" },
  node_left: { id: "12D3KooWA", name: "gpu1", reason: "silent" },
  training_progress: {
    session_id: session,
    status: "running",
    epoch: 25,
    total_epochs: 100,
    loss: 2.34,
    accuracy: 0.87,
    epochs_done: 25.4,
    round: 128,
    height: 127,
    rounds: 500,
    batches: 5080,
    total_batches: 20_000,
    samples: 162_560,
    tokens: null,
    failures_in_a_row: 0,
    samples_per_second: 120.5,
    nodes: [],
    nodes_total: 0,
  },
  consensus_vote: {
    session_id: session,
    round: 128,
    height: 128,
    model_hash: testHash("version-128"),
    voter: "12D3KooWA",
    voter_name: "gpu1",
    vote: "approve",
    reason: null,
    proposer: "12D3KooWB",
  },
  model_update: {
    session_id: session,
    height: 128,
    model_hash: testHash("version-128"),
    previous_hash: testHash("version-127"),
    bytes: 4096,
  },
  round_committed: {
    session_id: session,
    round: 128,
    height: 128,
    term: 3,
    model_hash: testHash("version-128"),
    loss: 2.34,
    samples: 1280,
    contributors: ["12D3KooWA", "12D3KooWB"],
    rejected: [],
    signers: ["12D3KooWA", "12D3KooWB"],
  },
  session_state: {
    session_id: session,
    status: "finished",
    previous: "finishing",
    height: 500,
    model_hash: testHash("version-500"),
    reason: null,
  },
  alert: { code: "QUORUM_LOST", severity: "critical", message: "too few", details: { alive: 1, needed: 2 } },
};

export function exampleEvent(type: EventType): EventOf {
  return { type, data: data[type] } as EventOf;
}

/** An alert of about `bytes`. */
export function largeEvent(bytes: number): EventOf {
  const { data } = exampleEvent("alert") as Extract<EventOf, { type: "alert" }>;
  return { type: "alert", data: { ...data, message: "x".repeat(bytes) } };
}
