/** The training loss that each node last told of itself. For people: nothing is decided by it. */
import type { ProgressMessage } from "../../protocol/index.js";

/** Nodes remembered; the one that has been silent longest is forgotten first. */
const NODES_MAX = 4096;

export class Losses {
  private session: string | null = null;
  private readonly byPeer = new Map<string, number>();

  heard(peer: string, message: Extract<ProgressMessage, { kind: "progress" }>): void {
    if (message.session !== this.session) this.byPeer.clear();
    this.session = message.session;
    this.byPeer.delete(peer);
    this.byPeer.set(peer, message.lossNats);
    if (this.byPeer.size > NODES_MAX) this.byPeer.delete(this.byPeer.keys().next().value as string);
  }

  of(session: string | null, peer: string): number | null {
    return session === this.session ? (this.byPeer.get(peer) ?? null) : null;
  }
}
