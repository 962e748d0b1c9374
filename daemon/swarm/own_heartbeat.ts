/** What this node says of itself in its heartbeats. */
import { totalmem } from "node:os";
import type { Heartbeat, SwarmHost } from "../../protocol/index.js";
import type { Config } from "../config/index.js";
import type { TrainerPort } from "../rounds/trainer_port.js";
import type { Store } from "../store/index.js";
import type { Participation } from "./participation.js";

/** Bounds of the message, see docs/PROTOCOL.md. */
const ADDRESSES_MAX = 16;
const REASON_CHARS_MAX = 512;

export interface OwnHeartbeatParts {
  readonly config: Config;
  /** Of this software. */
  readonly version: string;
  readonly host: SwarmHost;
  readonly store: Store;
  readonly trainer: TrainerPort | null;
  readonly participation: Participation | null;
}

/** What this node says of itself. It stands on a version only if the version's bytes are here. */
export function ownHeartbeat(parts: OwnHeartbeatParts): Heartbeat {
  const { config, host, store, trainer, participation } = parts;
  const session = participation?.control.state.session ?? null;
  const raft = participation?.raft.status() ?? null;
  const version = session?.version && store.blobs.stat(session.version.hash) ? session.version.hash : null;
  const used = process.memoryUsage.rss() + (trainer?.state.rssBytes ?? 0);
  return {
    v: 1,
    name: config.node.name,
    zone: config.node.zone,
    version: parts.version,
    role: raft?.role ?? "none",
    backend: trainer?.state.backend ?? null,
    canTrain: trainer?.canTrain === true,
    session: trainer?.canTrain ? trainer.session : null,
    reason: reasonOf(trainer, participation),
    phase: participation?.rounds.hasGivenUp ? "failed" : (trainer?.state.phase ?? null),
    round: session?.round ?? null,
    height: version === null ? null : (session?.height ?? null),
    versionHash: version,
    samplesPerSecond: trainer?.state.samplesPerSecond ?? null,
    memoryUsedBytes: used,
    memoryTotalBytes: totalmem(),
    appliedIndex: raft?.appliedIndex ?? 0,
    // It listens on loopback only, where nobody else reaches it.
    apiAddress: null,
    addresses: host.addresses().slice(0, ADDRESSES_MAX),
    leaving: false,
  };
}

/** What stands in this node's way: a session that it cannot read before all, as a leader then cannot lead it either. */
function reasonOf(trainer: TrainerPort | null, participation: Participation | null): string | null {
  const fault = participation?.rounds.fault() ?? null;
  if (fault !== null) return fault.slice(0, REASON_CHARS_MAX);
  if (trainer === null) return "this node does not train (training.enabled is false)";
  if (participation === null) return null;
  return trainer.reason?.slice(0, REASON_CHARS_MAX) ?? null;
}
