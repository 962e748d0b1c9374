/**
 * Who is connected, and who of them has passed the handshake. Knows no libp2p: connections are ids. A peer is "up"
 * from its first greeted connection until its last one has gone.
 */
import type { Logger } from "./logger.js";
import type { Hash } from "./types.js";

/** What a peer said of itself in the handshake. */
export interface PeerHello {
  readonly peer: string;
  readonly name: string;
  /** Of its package. */
  readonly version: string;
  /** The protocol that it speaks. */
  readonly protocol: number;
  readonly swarm: string;
  /** The swarm that it belongs to; null while it has not been formed or joined. */
  readonly formation: Hash | null;
  readonly sinceMs: number;
}

export interface PeerEvent {
  readonly kind: "up" | "down";
  readonly peer: string;
  readonly hello: PeerHello;
}

interface Entry {
  readonly pending: Set<string>;
  readonly greeted: Set<string>;
  hello: PeerHello | null;
  waiting: ((admitted: boolean) => void)[];
}

export class PeerTable {
  private readonly entries = new Map<string, Entry>();
  private readonly listeners = new Set<(event: PeerEvent) => void>();

  constructor(private readonly logger: Logger) {}

  isUp(peer: string): boolean {
    return (this.entries.get(peer)?.greeted.size ?? 0) > 0;
  }

  /** Whether there is a connection at all, greeted or not. */
  has(peer: string): boolean {
    return this.entries.has(peer);
  }

  get size(): number {
    return this.hellos().length;
  }

  isGreeted(peer: string, connection: string): boolean {
    return this.entries.get(peer)?.greeted.has(connection) ?? false;
  }

  /** Peers that are up. */
  hellos(): PeerHello[] {
    return [...this.entries.values()].flatMap((e) => (e.greeted.size > 0 && e.hello ? [e.hello] : []));
  }

  /** Undefined unless the peer is up. */
  helloOf(peer: string): PeerHello | undefined {
    const entry = this.entries.get(peer);
    return entry !== undefined && entry.greeted.size > 0 && entry.hello !== null ? entry.hello : undefined;
  }

  onPeer(listener: (event: PeerEvent) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  opened(peer: string, connection: string): void {
    const entry = this.entries.get(peer) ?? {
      pending: new Set<string>(),
      greeted: new Set<string>(),
      hello: null,
      waiting: [],
    };
    this.entries.set(peer, entry);
    if (!entry.greeted.has(connection)) entry.pending.add(connection);
  }

  /** The handshake on a connection succeeded, for the first time or again. Ignored when it has closed meanwhile. */
  greeted(peer: string, connection: string, hello: Omit<PeerHello, "sinceMs">): void {
    const entry = this.entries.get(peer);
    if (!entry || !(entry.pending.delete(connection) || entry.greeted.has(connection))) return;
    const first = entry.greeted.size === 0;
    entry.greeted.add(connection);
    const sinceMs = first ? Date.now() : (entry.hello?.sinceMs ?? Date.now());
    // Two handshakes may end in another order than they began, and a peer that belongs to a swarm does not leave it.
    const formation = hello.formation ?? (first ? null : (entry.hello?.formation ?? null));
    entry.hello = { ...hello, formation, sinceMs };
    this.settle(entry, true);
    if (first) this.tell({ kind: "up", peer, hello: entry.hello });
  }

  closed(peer: string, connection: string): void {
    const entry = this.entries.get(peer);
    if (!entry) return;
    const wasUp = entry.greeted.size > 0;
    entry.pending.delete(connection);
    entry.greeted.delete(connection);
    if (entry.pending.size === 0 && entry.greeted.size === 0) {
      this.entries.delete(peer);
      this.settle(entry, false);
    }
    if (wasUp && entry.greeted.size === 0 && entry.hello)
      this.tell({ kind: "down", peer, hello: entry.hello });
  }

  /** Whether the peer is up, once the handshakes under way have ended. Their own timeout bounds the wait. */
  admitted(peer: string): boolean | Promise<boolean> {
    const entry = this.entries.get(peer);
    if (!entry) return false;
    if (entry.greeted.size > 0) return true;
    return new Promise((resolve) => entry.waiting.push(resolve));
  }

  private settle(entry: Entry, admitted: boolean): void {
    const waiting = entry.waiting;
    entry.waiting = [];
    for (const resolve of waiting) resolve(admitted);
  }

  private tell(event: PeerEvent): void {
    for (const listener of this.listeners) {
      try {
        listener(event);
      } catch (error) {
        this.logger.error({ error, peer: event.peer }, "a listener for peers failed");
      }
    }
  }
}
