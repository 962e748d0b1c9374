/**
 * `consensus recover`: a survivor of a swarm whose majority of voters is lost for good goes on alone. Works on the data
 * folder of a node that is stopped, whose lock keeps the node from starting meanwhile.
 */
import { formationOf, type Genesis } from "../../consensus/formation/index.js";
import type { RecoveryRecord } from "../../consensus/types.js";
import { decodeCommitteeStep, epochOf, isRecovery, recoveryDigest } from "../../consensus/votes/index.js";
import { type Identity, identityFromBytes } from "../../protocol/index.js";
import type { Hash } from "../../protocol/types.js";
import type { Config } from "../config/index.js";
import { DaemonError } from "../errors.js";
import type { Logger } from "../logger.js";
import { openStore, type Store } from "../store/index.js";
import { loadGenesis, loadRecovery } from "../swarm/founding.js";
import { LineageStore } from "../swarm/lineage_store.js";
import { accountOf, type PastRecoveries, type RecoveryAccount } from "./account.js";
import { type OwnLog, raftStorageOf, readOwnLog } from "./own_log.js";
import { perform } from "./perform.js";
import { probe, type Reached } from "./probe.js";
import { assertNoQuorum, assertSurvivor, quorumAmong, votersOf } from "./quorum.js";
import { isUnfinished } from "./unfinished.js";

export type { RecoveryAccount } from "./account.js";

export interface RecoverInit {
  readonly config: Config;
  readonly logger: Logger;
  /** The account's code; null only to be told the account. */
  readonly confirm: string | null;
  /** How long to look for the other voters. */
  readonly probeMs: number;
}

export interface RecoverResult {
  readonly account: RecoveryAccount;
  /** Null when nothing was changed. */
  readonly done: {
    /** What others must accept to follow. */
    readonly digest: Hash;
    readonly seq: number;
    readonly term: number;
    readonly index: number;
    readonly backup: string;
  } | null;
}

/**
 * @throws DaemonError `RECOVERY_REFUSED` saying why nothing was changed, `DATA_DIR_LOCKED` while the node runs;
 *   ConsensusError `STORAGE_CORRUPT`; ProtocolError `LISTEN_FAILED`
 */
export async function recover(init: RecoverInit): Promise<RecoverResult> {
  const { logger } = init;
  const { dataDir } = init.config.node;
  const store = await openStore(dataDir, {
    logger,
    createIdentity: () => {
      throw notANode(dataDir, "it holds no identity");
    },
  });
  const storage = raftStorageOf(store);
  try {
    const identity = identityFromBytes(store.identity);
    const genesis = await loadGenesis(store.meta);
    if (genesis === null) throw notANode(dataDir, "its node never belonged to a swarm");
    const log = await readOwnLog(storage, genesis, logger);
    const past = await pastRecoveries(store, identity.peerId, log);
    const reached = await askOthers(init, { store, identity, genesis, log, previous: past.previous });
    const account = accountOf(identity.peerId, log, past, reached);
    if (init.confirm === null) return { account, done: null };
    if (init.confirm !== account.code) throw notConfirmed(init.confirm);
    const done = await perform({ store, storage, identity, genesis, log, ...past, atMs: Date.now() });
    const { seq, term, index } = done.record.decision;
    return {
      account,
      done: { digest: recoveryDigest(done.record.decision), seq, term, index, backup: done.backup },
    };
  } finally {
    await storage.close();
    await store.close();
  }
}

/** @throws DaemonError `RECOVERY_REFUSED` when this node cannot be the survivor, or need not be */
async function askOthers(
  { config, logger, probeMs }: RecoverInit,
  own: {
    readonly store: Store;
    readonly identity: Identity;
    readonly genesis: Genesis;
    readonly log: OwnLog;
    readonly previous: RecoveryRecord | null;
  },
): Promise<readonly Reached[]> {
  const { store, identity, genesis, log, previous } = own;
  const self = identity.peerId;
  assertSurvivor(self, log);
  const epoch = epochOf(formationOf(genesis), previous);
  const reached = await probe(
    { config, store, identity, genesis, epoch, logger, probeMs },
    votersOf(log).filter((peer) => peer !== self),
    (found) => quorumAmong(self, log, found) !== null,
  );
  assertNoQuorum(self, log, reached);
  return reached;
}

/** One that was interrupted never left this node: it is made anew, on top of what it was to replace. */
async function pastRecoveries(store: Store, self: string, log: OwnLog): Promise<PastRecoveries> {
  const last = await loadRecovery(store.meta);
  if (last === null) return { previous: null, count: 1 };
  if (!isUnfinished(last, self, log.stored)) return { previous: last, count: last.decision.count + 1 };
  const { seq } = log.end.state.committee;
  return { previous: await lastRecovery(new LineageStore(store.lineage), seq), count: last.decision.count };
}

/** Of the chain that leads to committee `seq`. */
async function lastRecovery(lineage: LineageStore, seq: number): Promise<RecoveryRecord | null> {
  let found: RecoveryRecord | null = null;
  for await (const bytes of lineage.allCommittees()) {
    const step = decodeCommitteeStep(bytes);
    if (isRecovery(step) && step.decision.seq <= seq) found = step;
  }
  return found;
}

function notConfirmed(given: string): DaemonError {
  const message = `--confirm ${given} is not the code of what would be done now. Run the command without --confirm, read its account, and give the code it ends with`;
  return new DaemonError("RECOVERY_REFUSED", message, { given });
}

function notANode(dataDir: string, why: string): DaemonError {
  return new DaemonError("RECOVERY_REFUSED", `${dataDir} is not the data folder of a swarm's voter: ${why}`, {
    path: dataDir,
  });
}
