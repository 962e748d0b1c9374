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
import type { SwarmHost } from "../../protocol/index.js";
import type { Hash } from "../../protocol/types.js";
import type { Logger } from "../logger.js";
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

/** Whether this very data folder founded the swarm: its formation record says so, which is written before the genesis. */
export async function foundedHere(
  runner: Pick<FormationRunner, "founded">,
  genesis: Genesis,
): Promise<boolean> {
  const founded = await runner.founded();
  return founded !== null && formationOf(founded) === formationOf(genesis);
}

/**
 * The genesis of a swarm that a peer belongs to, checked against the formation that the peer claimed.
 * Asks again until it has it or `signal` is aborted.
 */
export async function fetchGenesis(
  host: Pick<SwarmHost, "peers" | "rpc">,
  formation: Hash,
  logger: Logger,
  signal: AbortSignal,
): Promise<Genesis> {
  for (let turn = 0; ; turn++) {
    signal.throwIfAborted();
    const members = host.peers().filter((p) => p.formation === formation);
    const peer = members[turn % Math.max(1, members.length)]?.peer;
    if (peer !== undefined) {
      try {
        const { genesis } = await host.rpc.call(peer, genesisMethod, { v: 1 }, { timeoutMs: CALL_MS });
        if (genesis !== null) {
          const record = fromBytes(genesisSchema, genesis, "genesis record", GENESIS_BYTES_MAX);
          if (formationOf(record) === formation) return record;
          logger.warn({ peer }, "a peer gave a genesis that is not of the formation it claims");
        }
      } catch (error) {
        logger.debug({ peer, reason: error instanceof Error ? error.message : error }, "no genesis yet");
      }
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}

export { FormationRunner, formationOf, toBytes as genesisBytes };
