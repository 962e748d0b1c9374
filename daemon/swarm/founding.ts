/**
 * From a lone process to a member of one swarm: takes the genesis from disk, founds the swarm together with others,
 * or takes the genesis from a swarm that is already there. Resolves once, and then this node's formation is settled
 * for as long as its data folder lives.
 */

import { fromBytes, toBytes } from "../../consensus/encoding.js";
import {
  FormationRunner,
  formationOf,
  type Genesis,
  genesisSchema,
} from "../../consensus/formation/index.js";
import type { RecoveryRecord } from "../../consensus/types.js";
import {
  decodeRecovery,
  encodeRecovery,
  epochOf,
  isOfSwarm,
  recoverySignatureFault,
} from "../../consensus/votes/index.js";
import { type PeerHello, type SwarmHost, verifySignature } from "../../protocol/index.js";
import type { Hash } from "../../protocol/types.js";
import { genesisMethod } from "./methods.js";

const GENESIS_KEY = "genesis";
const GENESIS_BYTES_MAX = 64 * 1024;
const CALL_MS = 5000;
const RETRY_MS = 500;

export interface MetaStore {
  get(key: string): Promise<Uint8Array | undefined>;
  /** Durable when it resolves. */
  put(key: string, value: Uint8Array): Promise<void>;
}

export async function loadGenesis(meta: MetaStore): Promise<Genesis | null> {
  const bytes = await meta.get(GENESIS_KEY);
  return bytes === undefined ? null : fromBytes(genesisSchema, bytes, "genesis record", GENESIS_BYTES_MAX);
}

export async function saveGenesis(meta: MetaStore, genesis: Genesis): Promise<void> {
  await meta.put(GENESIS_KEY, toBytes(genesis));
}

const RECOVERY_KEY = "recovery";

/** The last recovery by force of the swarm that this node belongs to. */
export async function loadRecovery(meta: MetaStore): Promise<RecoveryRecord | null> {
  const bytes = await meta.get(RECOVERY_KEY);
  return bytes === undefined || bytes.length === 0 ? null : decodeRecovery(bytes);
}

/** Null forgets one that was saved for a swarm that this node did not join after all. */
export async function saveRecovery(meta: MetaStore, record: RecoveryRecord | null): Promise<void> {
  await meta.put(RECOVERY_KEY, record === null ? new Uint8Array(0) : encodeRecovery(record));
}

/** Whether this very data folder founded the swarm: its formation record says so, which is written before the genesis. */
export async function foundedHere(
  runner: Pick<FormationRunner, "founded">,
  genesis: Genesis,
): Promise<boolean> {
  const founded = await runner.founded();
  return founded !== null && formationOf(founded) === formationOf(genesis);
}

/** What a newcomer has to know of the swarm that it joins. */
export interface SwarmOrigin {
  readonly genesis: Genesis;
  readonly recovery: RecoveryRecord | null;
}

/**
 * The genesis of a swarm that a peer belongs to, and its last recovery if there was one, checked against what the peer
 * claimed in the handshake: the formation, or the digest of that recovery.
 * Asks again until it has it or `signal` is aborted.
 */
export async function fetchGenesis(
  host: {
    peers(): readonly Pick<PeerHello, "peer" | "formation">[];
    readonly rpc: Pick<SwarmHost["rpc"], "call">;
  },
  formation: Hash,
  logger: {
    warn(facts: { readonly peer: string; readonly reason?: string }, message: string): void;
    debug(facts: object, message: string): void;
  },
  signal: AbortSignal,
): Promise<SwarmOrigin> {
  for (let turn = 0; ; turn++) {
    signal.throwIfAborted();
    const members = host.peers().filter((p) => p.formation === formation);
    const peer = members[turn % Math.max(1, members.length)]?.peer;
    if (peer !== undefined) {
      try {
        const { genesis, recovery } = await host.rpc.call(
          peer,
          genesisMethod,
          { v: 1 },
          { timeoutMs: CALL_MS },
        );
        if (genesis !== null) {
          const origin = {
            genesis: fromBytes(genesisSchema, genesis, "genesis record", GENESIS_BYTES_MAX),
            recovery: recovery === undefined ? null : decodeRecovery(recovery),
          };
          const fault = originFault(origin, formation);
          if (fault === null) return origin;
          logger.warn(
            { peer, reason: fault },
            "a peer gave a genesis that is not of the formation it claims",
          );
        }
      } catch (error) {
        logger.debug({ peer, reason: error instanceof Error ? error.message : error }, "no genesis yet");
      }
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}

function originFault({ genesis, recovery }: SwarmOrigin, claimed: Hash): string | null {
  const formation = formationOf(genesis);
  if (epochOf(formation, recovery) !== claimed) return "another swarm's";
  if (recovery === null) return null;
  if (!isOfSwarm(recovery, genesis, formation)) return "its recovery is of another swarm";
  return recoverySignatureFault(recovery, verifySignature);
}

export { FormationRunner, formationOf, toBytes as genesisBytes };
