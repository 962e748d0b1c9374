/**
 * Carries a recovery by force out on a stopped node's data. The order makes it crash-safe: a backup; then the signed
 * record, from which on the node does not start with its old log; then what the log's end adds to the lineage; and last
 * the log, in one synced batch. Interrupted anywhere, it is simply done again.
 */
import { ControlMachine, recoverControl } from "../../consensus/control/index.js";
import { toBytes } from "../../consensus/encoding.js";
import { formationOf, type Genesis } from "../../consensus/formation/index.js";
import { newBeginning, recoveryWrite } from "../../consensus/recovery/index.js";
import type { RecoveryDecision, RecoveryRecord } from "../../consensus/types.js";
import { recoveryPreimage } from "../../consensus/votes/index.js";
import { type Identity, verifySignature } from "../../protocol/index.js";
import type { Store } from "../store/index.js";
import { saveRecovery } from "../swarm/founding.js";
import { LineageStore } from "../swarm/lineage_store.js";
import { writeBackup } from "./backup.js";
import type { OwnLog, raftStorageOf } from "./own_log.js";

export interface RecoveryPlan {
  readonly store: Pick<Store, "dataDir" | "lineage" | "meta">;
  readonly storage: Pick<ReturnType<typeof raftStorageOf>, "save">;
  readonly identity: Identity;
  readonly genesis: Genesis;
  /** The one in force until now. */
  readonly previous: RecoveryRecord | null;
  readonly count: number;
  readonly log: OwnLog;
  readonly atMs: number;
}

export interface Recovered {
  readonly record: RecoveryRecord;
  readonly backup: string;
}

/** @throws what the disk says; then nothing has changed, or the recovery is to be done again */
export async function perform(plan: RecoveryPlan): Promise<Recovered> {
  const { store, storage, identity, genesis, previous, log, atMs } = plan;
  const record = signed(identity, decisionOf(plan));
  const data = toBytes(recoverControl(log.end.state, record));
  assertReadable(genesis, data);
  const backup = await writeBackup(store.dataDir, { genesis, recovery: previous, stored: log.stored }, atMs);
  await saveRecovery(store.meta, record);
  const lineage = new LineageStore(store.lineage);
  for (const version of log.versions) await lineage.put(version);
  for (const committee of log.committees) await lineage.putCommittee(committee);
  await lineage.putRecovery(record);
  await storage.save(recoveryWrite(record.decision, identity.peerId, data));
  return { record, backup };
}

export function decisionOf({ identity, genesis, count, log, atMs }: RecoveryPlan): RecoveryDecision {
  const { position, state } = log.end;
  const { committee, session } = state;
  const { index, term } = newBeginning(log.stored, position);
  const version = session?.version ? session : null;
  return {
    v: 1,
    swarm: genesis.swarm,
    formation: formationOf(genesis),
    by: identity.peerId,
    count,
    seq: committee.seq + 1,
    parent: committee.digest,
    from: committee.voters,
    configuration: [...position.configuration.voters].sort(),
    term,
    index,
    session: version?.id ?? null,
    height: version?.height ?? null,
    version: version?.version?.hash ?? null,
    atMs,
  };
}

function signed(identity: Identity, decision: RecoveryDecision): RecoveryRecord {
  return { decision, signature: identity.sign(recoveryPreimage(decision)) };
}

/** What the node will read at its next start, read once before anything is replaced by it. */
function assertReadable(genesis: Genesis, data: Uint8Array): void {
  const { swarm, voters } = genesis;
  new ControlMachine({ swarm, formation: formationOf(genesis), voters }, verifySignature).restore(data);
}
