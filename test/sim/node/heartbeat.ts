/** What a simulated node says of itself, as `daemon/swarm/own_heartbeat.ts` does. */
import type { RaftNode } from "../../../consensus/node/index.js";
import type { RoundDriver } from "../../../daemon/rounds/driver.js";
import type { TrainerPort } from "../../../daemon/rounds/trainer_port.js";
import type { ControlLog } from "../../../daemon/swarm/control_log.js";
import type { Heartbeat } from "../../../protocol/index.js";
import type { SimBlobs } from "../disk/sim_blobs.js";

export interface HeartbeatParts {
  readonly raft: RaftNode;
  readonly control: ControlLog;
  readonly trainer: TrainerPort;
  readonly rounds: RoundDriver;
  readonly blobs: SimBlobs;
}

export function heartbeatOf(
  name: string,
  { raft, control, trainer, rounds, blobs }: HeartbeatParts,
): Heartbeat {
  const { session } = control.state;
  const { role, appliedIndex } = raft.status();
  const version = session?.version && blobs.stat(session.version.hash) ? session.version.hash : null;
  return {
    v: 1,
    name,
    zone: "",
    version: "sim",
    role,
    backend: trainer.state.backend,
    canTrain: trainer.canTrain,
    session: trainer.canTrain ? trainer.session : null,
    reason: trainer.reason,
    phase: rounds.hasGivenUp ? "failed" : trainer.state.phase,
    round: session?.round ?? null,
    height: version === null ? null : (session?.height ?? null),
    versionHash: version,
    samplesPerSecond: null,
    memoryUsedBytes: 0,
    memoryTotalBytes: 0,
    appliedIndex,
    apiAddress: null,
    addresses: [],
    leaving: false,
  };
}
