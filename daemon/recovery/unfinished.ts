/** A recovery that was interrupted: its record is written before the log, so a record without its log shows it. */

import type { StoredState } from "../../consensus/raft/index.js";
import { LevelRaftStorage } from "../../consensus/storage/index.js";
import type { RecoveryRecord } from "../../consensus/types.js";
import { DaemonError } from "../errors.js";
import type { Store } from "../store/index.js";

/** Whether the survivor's own log is still the one from before. */
export function isUnfinished(
  { decision }: RecoveryRecord,
  self: string,
  { hardState }: StoredState,
): boolean {
  return decision.by === self && hardState.term < decision.term;
}

/** @throws DaemonError `RECOVERY_UNFINISHED` */
export async function assertRecovered(
  store: Pick<Store, "raft" | "dataDir">,
  self: string,
  record: RecoveryRecord,
): Promise<void> {
  if (record.decision.by !== self) return;
  const stored = await new LevelRaftStorage(store.raft).initialState();
  if (!isUnfinished(record, self, stored)) return;
  throw new DaemonError(
    "RECOVERY_UNFINISHED",
    `A recovery of this node was interrupted, and its log is still the one from before. Finish it: \`ncrsh-swarm consensus recover --data-dir ${store.dataDir}\`.`,
    { path: store.dataDir },
  );
}
