/** One look around on demand: everybody who is known is dialed, the local network is asked, own addresses are told. */
import type { ConnectionInfo } from "./host.js";
import { DISCOVER_MS_MAX, DISCOVER_MS_MIN, DISCOVER_POLL_MS } from "./limits.js";
import type { PeerHello } from "./peer_table.js";
import type { Redialer } from "./redial.js";
import { sleep } from "./timing.js";

/** How a peer came to be known: `known` from the address book, `inbound` when it called first. */
export type Via = "bootstrap" | "mdns" | "gossip" | "known" | "inbound";

export interface FoundPeer {
  readonly peer: string;
  readonly name: string;
  /** Multiaddr of its connection. */
  readonly address: string | null;
  readonly via: Via;
}

export interface DiscoveryReport {
  /** Peers that had passed the handshake before, and after. */
  readonly peersBefore: number;
  readonly peersAfter: number;
  readonly found: readonly FoundPeer[];
  /** Known peers whose dialing came to an end. */
  readonly dialed: number;
  readonly failed: readonly { readonly peer: string; readonly reason: string }[];
  readonly durationMs: number;
}

export interface DiscoverInit {
  readonly peers: () => readonly PeerHello[];
  readonly connections: () => readonly ConnectionInfo[];
  readonly redialer: Pick<Redialer, "hasten" | "triedSince">;
  readonly announce: () => void;
  /** Null when multicast DNS is off. */
  readonly askLocally: (() => Promise<void>) | null;
}

export class Discover {
  private running: Promise<DiscoveryReport> | null = null;
  /** Who was heard of in this run, by whom. */
  private readonly sources = new Map<string, Via>();

  constructor(private readonly init: DiscoverInit) {}

  heard(peer: string, via: "mdns" | "gossip"): void {
    if (this.running !== null && !this.sources.has(peer)) this.sources.set(peer, via);
  }

  /** @param timeoutMs at most `DISCOVER_MS_MAX` */
  run(timeoutMs: number): Promise<DiscoveryReport> {
    this.running ??= this.look(Math.min(timeoutMs, DISCOVER_MS_MAX)).finally(() => {
      this.running = null;
      this.sources.clear();
    });
    return this.running;
  }

  private async look(timeoutMs: number): Promise<DiscoveryReport> {
    const { redialer, askLocally, announce, peers } = this.init;
    const startedMs = performance.now();
    const elapsedMs = () => performance.now() - startedMs;
    const before = new Set(peers().map((p) => p.peer));
    const hastened = redialer.hasten();
    announce();
    await askLocally?.().catch(() => undefined);
    const waits = () => {
      const up = new Set(peers().map((p) => p.peer));
      return hastened.some((h) => !up.has(h.peer) && redialer.triedSince(h) === null);
    };
    // Somebody who hears of this node only now needs a moment to answer or to call.
    while (elapsedMs() < timeoutMs && (elapsedMs() < DISCOVER_MS_MIN || waits()))
      await sleep(DISCOVER_POLL_MS);
    const after = peers();
    const up = new Set(after.map((p) => p.peer));
    const tried = hastened.flatMap((h) => {
      const outcome = redialer.triedSince(h);
      return outcome === null && !up.has(h.peer) ? [] : [{ peer: h.peer, fault: outcome?.fault ?? null }];
    });
    const bootstrap = new Set(hastened.filter((h) => h.bootstrap).map((h) => h.peer));
    const known = new Set(hastened.map((h) => h.peer));
    return {
      peersBefore: before.size,
      peersAfter: after.length,
      found: after.filter((p) => !before.has(p.peer)).map((p) => this.foundOf(p, bootstrap, known)),
      dialed: tried.length,
      failed: tried.flatMap(({ peer, fault }) =>
        up.has(peer) ? [] : [{ peer, reason: fault ?? "the connection has closed again" }],
      ),
      durationMs: Math.round(elapsedMs()),
    };
  }

  private foundOf(
    { peer, name }: PeerHello,
    bootstrap: ReadonlySet<string>,
    known: ReadonlySet<string>,
  ): FoundPeer {
    const connection = this.init.connections().find((c) => c.peer === peer);
    const source = bootstrap.has(peer)
      ? "bootstrap"
      : (this.sources.get(peer) ?? (known.has(peer) ? "known" : null));
    const via = source ?? "inbound";
    return { peer, name, address: connection?.address ?? null, via };
  }
}
