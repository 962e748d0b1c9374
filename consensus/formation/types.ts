/** What the founding of a swarm takes in, and what it has done. */
import type { Hash } from "../../protocol/types.js";
import type { Genesis } from "./genesis.js";
import type { FormationRecord, FormationRequest, FormationResponse } from "./messages.js";

export interface FormationPeer {
  readonly peer: string;
  /** With how many it wants to found a swarm; null until it has said so. */
  readonly expect: number | null;
  /** The swarm it belongs to already. */
  readonly formation: Hash | null;
}

export type FormationMode =
  /** This node alone founds the swarm. */
  | { readonly kind: "form" }
  /** `count` nodes that want the same found it together; 0: never found, only join. */
  | { readonly kind: "expect"; readonly count: number };

export type FormationOutcome =
  | { readonly kind: "formed"; readonly genesis: Genesis }
  | { readonly kind: "join"; readonly formation: Hash; readonly via: string };

export type FormationEffect =
  /** Must be on disk before any effect after it is carried out. */
  | { readonly kind: "persist"; readonly record: FormationRecord }
  | { readonly kind: "ask"; readonly to: string; readonly request: FormationRequest }
  | { readonly kind: "outcome"; readonly outcome: FormationOutcome }
  | { readonly kind: "note"; readonly message: string; readonly facts: Record<string, unknown> };

/** The record, if there is one among the effects, must be on disk before the response is sent. */
export interface FormationAnswer {
  readonly response: FormationResponse;
  readonly effects: FormationEffect[];
}

export interface FormationCoreInit {
  readonly self: string;
  readonly swarm: string;
  readonly mode: FormationMode;
  readonly record: FormationRecord | null;
  /** 16 random bytes in hex. */
  readonly nonce: () => string;
  /** In [0, 1). */
  readonly random: () => number;
}
