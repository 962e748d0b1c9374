/** The data folder of a stopped voter whose two fellows are gone: its log is committed up to 2 and goes up to 3. */
import { encodeCommand } from "../../../consensus/control/index.js";
import { formationOf, type Genesis } from "../../../consensus/formation/index.js";
import { createIdentity, type Identity, identityBytes } from "../../../protocol/index.js";
import { createLogger } from "../../logger.js";
import { openStore, type Store } from "../../store/index.js";
import { saveGenesis } from "../../swarm/founding.js";
import { raftStorageOf } from "../own_log.js";

const identities = [createIdentity(), createIdentity(), createIdentity()];

export const survivor = identities[0] as Identity;
/** With the survivor, sorted. */
export const voters = identities.map((i) => i.peerId).sort();
export const genesis: Genesis = { v: 1, swarm: "test", nonce: "0".repeat(32), voters, formedAtMs: 0 };
export const formation = formationOf(genesis);
export const logger = createLogger({ level: "silent", format: "json" });

export function openSurvivor(folder: string): Promise<Store> {
  return openStore(folder, { logger, createIdentity: () => identityBytes(survivor) });
}

export async function makeSurvivor(folder: string): Promise<void> {
  const store = await openSurvivor(folder);
  await saveGenesis(store.meta, genesis);
  const storage = raftStorageOf(store);
  await storage.bootstrap({ voters, learners: [] });
  const data = encodeCommand({ v: 1, type: "member.join", peer: survivor.peerId, name: "me", atMs: 1 });
  const entries = [2, 3].map((index) => ({ index, term: 4, kind: "normal" as const, data }));
  const hardState = { term: 5, votedFor: null, commit: 2 };
  await storage.save({ hardState, snapshot: null, entries, mustSync: true });
  await storage.close();
  await store.close();
}
