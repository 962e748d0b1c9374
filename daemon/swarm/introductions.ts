/** What an unfounded node needs to know of its peers: who else is without a swarm, and with how many it wants to found one. */
import type { SwarmHost } from "../../protocol/index.js";
import type { Hash } from "../../protocol/types.js";
import { genesisMethod } from "./methods.js";

const CALL_MS = 2000;

export interface Introduced {
  readonly peer: string;
  /** Null until it has answered. */
  readonly expect: number | null;
  readonly formation: Hash | null;
}

export class Introductions {
  private readonly expects = new Map<string, number>();
  private readonly asking = new Set<string>();

  constructor(private readonly host: Pick<SwarmHost, "peers" | "rpc">) {}

  /** The peers that are connected now. Asks those it does not know yet, in the background. */
  peers(): Introduced[] {
    const here = this.host.peers();
    const present = new Set(here.map((p) => p.peer));
    for (const known of this.expects.keys()) if (!present.has(known)) this.expects.delete(known);
    return here.map(({ peer, formation }) => {
      if (formation === null && !this.expects.has(peer)) this.ask(peer);
      return { peer, expect: this.expects.get(peer) ?? null, formation };
    });
  }

  private ask(peer: string): void {
    if (this.asking.has(peer)) return;
    this.asking.add(peer);
    this.host.rpc
      .call(peer, genesisMethod, { v: 1 }, { timeoutMs: CALL_MS })
      .then(({ expect }) => this.expects.set(peer, expect))
      .catch(() => undefined)
      .finally(() => this.asking.delete(peer));
  }
}
