/** Gossip as one node sees it: what is published reaches whom a flood reaches, unless it is lost on the way. */
import type { Gossip, SignedManifest, VerifiedManifest } from "../../../protocol/index.js";
import type { SimNetwork } from "./sim_network.js";

type Listener = (message: never, from: string) => unknown;

/** Verified once for all receivers: it is the same bytes. */
const verified = new WeakMap<object, object | null>();

export class SimGossip {
  private readonly listeners = new Map<string, Set<Listener>>();
  private readonly checks = new Map<string, Listener>();

  constructor(
    private readonly self: string,
    private readonly network: SimNetwork,
    private readonly verify: (message: SignedManifest) => VerifiedManifest,
  ) {}

  readonly on: Gossip["on"] = (kind, listener) => {
    const known = this.listeners.get(kind) ?? new Set();
    this.listeners.set(kind, known.add(listener));
    return () => known.delete(listener);
  };

  readonly check: Gossip["check"] = (kind, check) => {
    this.checks.set(kind, check);
  };

  readonly publish: Gossip["publish"] = async (kind, message) => {
    const recipients = this.network.flood(this.self, `gossip ${kind}`, (host) =>
      host.gossip.hear(kind, message, this.self),
    );
    return { recipients };
  };

  private hear(kind: string, message: object, from: string): void {
    const received = kind === "update" ? this.verifiedOf(message as SignedManifest) : message;
    if (received === null) return;
    const check = this.checks.get(kind);
    if (check !== undefined && Reflect.apply(check, undefined, [received, from]) !== "accept") return;
    for (const listener of this.listeners.get(kind) ?? []) {
      Reflect.apply(listener, undefined, [received, from]);
    }
  }

  private verifiedOf(message: SignedManifest): object | null {
    if (!verified.has(message)) {
      let result: object | null = null;
      try {
        result = { ...message, verified: this.verify(message) };
      } catch {
        // Not passed on, as at the door of any node.
      }
      verified.set(message, result);
    }
    return verified.get(message) ?? null;
  }
}
