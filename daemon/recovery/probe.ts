/**
 * Looks for the other voters before they are given up: a host with the node's own identity, at its own addresses, that
 * dials everybody the address book and the configuration know, and waits a bounded time for their handshake. A voter
 * that refuses it is there as well. That nobody answers proves nothing (the network may be what is broken), which is why
 * a person decides.
 */
import { formationOf, type Genesis } from "../../consensus/formation/index.js";
import { type Identity, SwarmHost } from "../../protocol/index.js";
import type { Hash } from "../../protocol/types.js";
import { packageVersion } from "../cli/package_version.js";
import type { Config } from "../config/index.js";
import type { Logger } from "../logger.js";
import type { Store } from "../store/index.js";
import { positionMethod } from "../swarm/methods.js";
import { readSwarmKey } from "../swarm_key.js";

/** Between two looks at who has answered. */
const LOOK_MS = 100;
/** For one that answered to say where its log stands; the account does without. */
const POSITION_MS = 3000;

/** A voter that is there. */
export interface Reached {
  readonly peer: string;
  readonly name: string | null;
  /** Why it refuses this node, or this node it; null when they go along. */
  readonly refusal: string | null;
  /** Where its log stands; null when it did not say. */
  readonly position: { readonly term: number; readonly commit: number; readonly last: number } | null;
}

export interface ProbeInit {
  readonly config: Config;
  readonly store: Store;
  readonly identity: Identity;
  readonly genesis: Genesis;
  /** What the swarm goes by: the formation, or its last recovery. */
  readonly epoch: Hash;
  readonly logger: Logger;
  readonly probeMs: number;
}

/**
 * @param wanted whose answers count
 * @param enough ends the wait early
 * @throws ProtocolError `LISTEN_FAILED` and what else keeps the host from starting
 */
export async function probe(
  { config, store, identity, genesis, epoch, logger, probeMs }: ProbeInit,
  wanted: readonly string[],
  enough: (reached: readonly Reached[]) => boolean,
): Promise<Reached[]> {
  const { network, node } = config;
  const formation = formationOf(genesis);
  const host = await SwarmHost.create({
    identity,
    // Not the one that is configured: under another name nobody would be found.
    swarmId: genesis.swarm,
    version: packageVersion(),
    name: node.name,
    listen: [...network.listen],
    announce: [...network.announce],
    bootstrap: [...network.bootstrap],
    mdns: network.mdns,
    swarmKey: network.swarmKeyFile === null ? null : await readSwarmKey(network.swarmKeyFile),
    maxConnections: network.maxConnections,
    logger,
    formation: () => epoch,
    origin: () => (epoch === formation ? null : formation),
    preferred: (peer) => wanted.includes(peer),
    blobStorage: store.blobs,
    datastore: store.libp2p,
  });
  await host.start();
  try {
    const untilMs = performance.now() + probeMs;
    let found = look(host, epoch, wanted);
    while (found.length < wanted.length && !enough(found) && performance.now() < untilMs) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      found = look(host, epoch, wanted);
    }
    return await Promise.all(found.map((reached) => located(host, reached)));
  } finally {
    await host.stop();
  }
}

function look(host: SwarmHost, epoch: Hash, wanted: readonly string[]): Reached[] {
  const refusals = new Map(host.refusals().map(({ peer, reason }) => [peer, reason]));
  return wanted.flatMap((peer): Reached[] => {
    const hello = host.peer(peer);
    const refusal = hello === undefined ? refusals.get(peer) : strangeness(hello.formation, epoch);
    if (refusal === undefined) return [];
    return [{ peer, name: hello?.name ?? null, refusal, position: null }];
  });
}

/** A voter by name that belongs to no swarm has lost its memory: it can decide nothing, but it is somebody to ask. */
function strangeness(formation: Hash | null, epoch: Hash): string | null | undefined {
  if (formation === epoch) return null;
  return formation === null ? undefined : "it is of another swarm";
}

async function located(host: SwarmHost, reached: Reached): Promise<Reached> {
  if (reached.refusal !== null) return reached;
  const position = await host.rpc
    .call(reached.peer, positionMethod, { v: 1 }, { timeoutMs: POSITION_MS })
    .then(({ term, commit, last }) => ({ term, commit, last }))
    .catch(() => null);
  return { ...reached, position };
}
