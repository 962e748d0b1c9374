/** What the routes about training answer, as the reference shows it. */
import type { SessionListView } from "../../../services/views/sessions.js";
import type { TrainingStatusView } from "../../../services/views/training.js";

const SELF = "12D3KooWGfGRdh34T7PZHPJtqLH9uN6bYvdAdZb5Us2cfkfa9wCA";
const HASH = "sha256:7d2bb16013d1d3c2011a656307fc94893c82effddde5b7561211a7bbd8600823";
const CREATED_AT = "2026-11-24T03:40:34.582Z";

const RUNNING: TrainingStatusView = {
  session_id: "training_fc54e789d858",
  status: "running",
  queue_position: null,
  progress: {
    epoch: 25,
    total_epochs: 100,
    loss: 2.34,
    accuracy: null,
    epochs_done: 25.4183,
    round: 131,
    height: 127,
    rounds: 500,
    batches: 15_251,
    total_batches: 60_000,
    samples: 488_032,
    tokens: 31_234_048,
    failures_in_a_row: 0,
  },
  nodes: [
    {
      id: SELF,
      name: "gpu1",
      status: "training",
      batch_progress: 0.75,
      loss: 2.31,
      samples_per_second: 525.398,
      reason: null,
    },
  ],
  dataset: "builtin:moby-dick",
  strategy: "cooperative_sgd",
  model: {
    type: "gpt2",
    hidden_size: 128,
    num_layers: 4,
    num_heads: 4,
    context_length: 64,
    vocab_size: 81,
  },
  model_hash: HASH,
  validation: {
    first: { height: 0, loss: 4.396447, accuracy: null, samples: 256 },
    last: { height: 120, loss: 2.402143, accuracy: null, samples: 256 },
  },
  samples_per_second: 525.398,
  warnings: [],
  created_at: CREATED_AT,
  created_by: SELF,
  round_opened_at: "2026-11-24T03:52:10.478Z",
  ended_at: null,
  reason: null,
};

/** Of a session in its middle; one that does not run has no open round, and nobody who trains in it. */
export function statusExample(change: Partial<TrainingStatusView>): TrainingStatusView {
  const view = { ...RUNNING, ...change };
  if (view.status === "running") return view;
  const progress = { ...RUNNING.progress, round: null };
  const stands = { ...view, nodes: [], samples_per_second: null, round_opened_at: null };
  if (view.status !== "queued") return { ...stands, progress };
  const none = { epoch: 0, epochs_done: 0, loss: null, height: null, batches: 0, samples: 0, tokens: 0 };
  const validation = { first: null, last: null };
  return { ...stands, progress: { ...progress, ...none }, model_hash: null, validation };
}

export const SESSIONS_EXAMPLE: SessionListView = {
  sessions: [
    {
      session_id: "training_fc54e789d858",
      status: "finished",
      queue_position: null,
      dataset: "builtin:moby-dick",
      strategy: "cooperative_sgd",
      model_type: "gpt2",
      height: 500,
      rounds: 500,
      loss: 2.335449,
      model_hash: HASH,
      created_at: CREATED_AT,
      created_by: SELF,
      ended_at: "2026-11-24T03:59:35.589Z",
      reason: null,
    },
  ],
  total: 1,
  next_cursor: null,
};
