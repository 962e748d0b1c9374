/** Something to look at: a swarm of two, one of them leading, in the middle of a round. */
import type { TrainingStatusView } from "../../../daemon/services/views/training.js";
import type { LocalNode } from "../../lib/local_swarm.js";
import { NodeClient } from "../../lib/node_client.js";
import type { NodeSight, Sight } from "../observe.js";

export function nodeNamed(name: string): LocalNode {
  const api = new NodeClient("http://127.0.0.1:1");
  return { index: 0, name, peer: `peer-${name}`, dataDir: "", listen: "", api, process: null };
}

export function sightOf(facts: {
  readonly leader: LocalNode | null;
  readonly height: number;
  readonly status?: TrainingStatusView["status"];
}): Sight {
  const node = (name: string, loss: number): NodeSight => ({
    name,
    running: true,
    pid: 1,
    role: facts.leader?.name === name ? "leader" : "follower",
    phase: "training",
    loss,
    samplesPerSecond: 50,
    bytesSent: 3 * 2 ** 20,
    height: facts.height,
    version: `sha256:${"ab".repeat(32)}`,
    progress: 0.5,
  });
  return {
    nodes: [node("ishmael", 2.25), node("queequeg", 2.75)],
    leader: facts.leader,
    term: 7,
    votes: { approved: 11, refused: 1 },
    training: {
      session_id: "training_1",
      status: facts.status ?? "running",
      queue_position: null,
      progress: {
        epoch: 0,
        total_epochs: null,
        loss: 2.5,
        accuracy: null,
        epochs_done: 0,
        round: facts.height + 2,
        height: facts.height,
        rounds: 30,
        batches: 1,
        total_batches: null,
        samples: 8,
        tokens: 512,
        failures_in_a_row: 0,
      },
      nodes: [],
      dataset: "builtin:moby-dick",
      strategy: "cooperative_sgd",
      model: null,
      model_hash: `sha256:${"ab".repeat(32)}`,
      validation: {
        first: { height: 0, loss: 4.4, accuracy: null, samples: 512 },
        last: { height: 3, loss: 2.625, accuracy: null, samples: 512 },
      },
      samples_per_second: 100,
      warnings: [],
      created_at: null,
      created_by: null,
      round_opened_at: null,
      ended_at: null,
      reason: null,
    },
  };
}
