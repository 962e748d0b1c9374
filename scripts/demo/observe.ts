/** What the demonstration sees of the swarm: asked of the nodes' own API, as anyone could. */
import type { TrainingStatusView } from "../../daemon/services/views/training.js";
import type { LocalNode, LocalSwarm } from "../lib/local_swarm.js";

export interface NodeSight {
  readonly name: string;
  readonly running: boolean;
  readonly pid: number | null;
  readonly role: string;
  readonly phase: string;
  /** Training loss that it last told, in nats: of the open round, or of the one before. */
  readonly loss: number | null;
  readonly samplesPerSecond: number | null;
  readonly bytesSent: number | null;
  readonly height: number | null;
  readonly version: string | null;
  readonly progress: number | null;
}

export interface Sight {
  readonly nodes: readonly NodeSight[];
  readonly leader: LocalNode | null;
  readonly term: number | null;
  readonly training: TrainingStatusView | null;
  readonly votes: { readonly approved: number; readonly refused: number };
}

/** What each node sent before it was killed: its counter goes with it. */
export class Observer {
  private readonly lastBytes = new Map<string, number>();
  private readonly lastVotes = new Map<string, { approved: number; refused: number }>();
  /** A round has no loss before its first steps. */
  private readonly lastLoss = new Map<string, number>();

  constructor(private readonly swarm: LocalSwarm) {}

  async look(): Promise<Sight> {
    const looks = await Promise.all(this.swarm.nodes.map((node) => this.lookAt(node)));
    const training = looks.map((l) => l.training).filter((t) => t !== null);
    const furthest = training.sort((a, b) => (b.progress.round ?? -1) - (a.progress.round ?? -1))[0] ?? null;
    const terms = looks.map((l) => l.term).filter((t) => t !== null);
    const term = terms.length > 0 ? Math.max(...terms) : null;
    const leading = looks.findIndex((l) => l.sight.role === "leader" && l.term === term);
    const votes = { approved: 0, refused: 0 };
    for (const v of this.lastVotes.values()) {
      votes.approved += v.approved;
      votes.refused += v.refused;
    }
    return {
      nodes: looks.map(({ sight }) => this.withTraining(sight, furthest)),
      leader: this.swarm.nodes[leading] ?? null,
      term,
      training: furthest,
      votes,
    };
  }

  /** Sent by all nodes of the demonstration together, those that were killed included. */
  totalBytesSent(): number {
    return [...this.lastBytes.values()].reduce((sum, bytes) => sum + bytes, 0);
  }

  private async lookAt(node: LocalNode) {
    const gone = { sight: offline(node.name), term: null, training: null };
    if (node.process === null) return gone;
    try {
      const [consensus, training, network, metrics] = await Promise.all([
        node.api.consensus(),
        node.api.training(),
        node.api.network(),
        node.api.metrics(),
      ]);
      const bytesSent = network.bytes.sent;
      if (bytesSent !== null) this.lastBytes.set(node.name, bytesSent);
      this.lastVotes.set(node.name, votesIn(metrics));
      const sight: NodeSight = {
        ...offline(node.name),
        running: true,
        pid: node.process?.pid ?? null,
        role: consensus.role,
        bytesSent,
        height: consensus.height,
        version: consensus.model_hash,
      };
      return { sight, term: consensus.term, training };
    } catch {
      const pid = node.process?.pid ?? null;
      return { ...gone, sight: { ...gone.sight, running: true, pid, role: "starting" } };
    }
  }

  private withTraining(sight: NodeSight, training: TrainingStatusView | null): NodeSight {
    const peer = this.swarm.nodes.find((n) => n.name === sight.name)?.peer;
    const seen = training?.nodes.find((n) => n.id === peer);
    if (!seen || !sight.running) return sight;
    if (seen.loss !== null) this.lastLoss.set(sight.name, seen.loss);
    return {
      ...sight,
      phase: seen.status,
      loss: this.lastLoss.get(sight.name) ?? null,
      samplesPerSecond: seen.samples_per_second,
      progress: seen.batch_progress,
    };
  }
}

function offline(name: string): NodeSight {
  return {
    name,
    running: false,
    pid: null,
    role: "stopped",
    phase: "",
    loss: null,
    samplesPerSecond: null,
    bytesSent: null,
    height: null,
    version: null,
    progress: null,
  };
}

function votesIn(metrics: string): { approved: number; refused: number } {
  const count = (result: string) =>
    Number(
      new RegExp(`^swarm_consensus_votes\\{[^}]*result="${result}"[^}]*\\} (\\d+)`, "m").exec(metrics)?.[1] ??
        0,
    );
  return { approved: count("approved"), refused: count("refused") };
}
