/** A session as the log has it, for tests. */
import type { SessionState } from "../../../consensus/control/index.js";
import type { BlobRef } from "../../../protocol/types.js";
import { specOf } from "../../../training/strategies/testing/spec.js";

export function sessionOf(version: BlobRef | null, change: Partial<SessionState> = {}): SessionState {
  return {
    id: "s",
    spec: specOf(),
    status: "running",
    round: 1,
    height: 0,
    version,
    parent: null,
    cursor: { next: 0, holes: [] },
    participants: [],
    rounds: 10,
    batches: null,
    failuresInARow: 0,
    samples: 0,
    lossNats: null,
    firstEvaluation: null,
    evaluations: [],
    createdAtMs: 0,
    createdBy: "me",
    roundOpenedAtMs: 0,
    endedAtMs: null,
    reason: null,
    ...change,
  };
}
