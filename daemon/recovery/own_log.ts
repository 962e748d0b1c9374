/** What a stopped node's own log says: how far it is known to be committed, and how far it goes. */
import { join } from "node:path";
import type { ControlState } from "../../consensus/control/index.js";
import { formationOf, type Genesis } from "../../consensus/formation/index.js";
import type { StoredState } from "../../consensus/raft/index.js";
import { type LogPosition, replayEntries, replaySnapshot } from "../../consensus/recovery/index.js";
import { LevelRaftStorage } from "../../consensus/storage/index.js";
import type { Certificate, CommitteeCertificate } from "../../consensus/types.js";
import { verifySignature } from "../../protocol/index.js";
import { DaemonError } from "../errors.js";
import type { Logger } from "../logger.js";
import type { Store } from "../store/index.js";
import { ControlLog } from "../swarm/control_log.js";

export interface LogView {
  readonly position: LogPosition;
  readonly state: ControlState;
}

export interface OwnLog {
  readonly stored: StoredState;
  /** As far as this node knows it to be committed. */
  readonly committed: LogView;
  /** As far as it goes. */
  readonly end: LogView;
  /** What its entries put into the lineage; some of it may not be there yet. */
  readonly versions: readonly Certificate[];
  readonly committees: readonly CommitteeCertificate[];
}

/** The file with the voter's pledge, beside the database. */
export function raftStorageOf(store: Pick<Store, "raft" | "dataDir">): LevelRaftStorage {
  return new LevelRaftStorage(store.raft, join(store.dataDir, "raft.pledge"));
}

/**
 * Changes nothing.
 * @throws ConsensusError `STORAGE_CORRUPT`; DaemonError `RECOVERY_REFUSED` when there is no log
 */
export async function readOwnLog(
  storage: LevelRaftStorage,
  genesis: Genesis,
  logger: Pick<Logger, "error">,
): Promise<OwnLog> {
  const stored = await storage.initialState();
  const versions: Certificate[] = [];
  const committees: CommitteeCertificate[] = [];
  const collected = {
    put: async (certificate: Certificate) => void versions.push(certificate),
    putCommittee: async (certificate: CommitteeCertificate) => void committees.push(certificate),
  };
  const { swarm, voters } = genesis;
  const control = new ControlLog(
    { swarm, formation: formationOf(genesis), voters },
    verifySignature,
    collected,
    logger,
  );
  const start = replaySnapshot(stored, control);
  if (start === null) {
    throw new DaemonError(
      "RECOVERY_REFUSED",
      "this node holds nothing of the swarm's log: there is nothing to recover from",
    );
  }
  const view = (position: LogPosition): LogView => ({ position, state: control.state });
  const committed = view(await replayEntries(stored, start, stored.hardState.commit, control));
  const end = view(await replayEntries(stored, committed.position, Number.MAX_SAFE_INTEGER, control));
  return { stored, committed, end, versions, committees };
}
