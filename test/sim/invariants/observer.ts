/** What an invariant may look at. One file per claim, with the argument for it; each is told only of what is new. */
import type { ApplyOutcome, ControlState } from "../../../consensus/control/index.js";
import type { QueueSizes } from "../../../consensus/node/index.js";
import type { RaftCore } from "../../../consensus/raft/core.js";
import type { RaftOptions } from "../../../consensus/raft/types.js";
import type { Hash } from "../../../protocol/types.js";

/** A normal entry of the log, and what it came to on one node. */
export interface AppliedFact {
  readonly index: number;
  readonly term: number;
  readonly data: Uint8Array;
  readonly before: ControlState;
  readonly after: ControlState;
  readonly outcome: ApplyOutcome;
}

/** The node whose turn it just was. */
export interface NodeView {
  readonly name: string;
  readonly core: RaftCore;
  readonly state: ControlState;
  readonly queues: QueueSizes;
  readonly options: RaftOptions & { readonly maxInboxMessages: number; readonly maxWaiting: number };
}

export interface Observer {
  readonly name: string;
  /** A new life of the node begins. */
  started?(node: string): void;
  applied?(node: string, fact: AppliedFact): void;
  /** The state was taken from a snapshot: `bytes` are its encoding. */
  restored?(node: string, bytes: Uint8Array, state: ControlState): void;
  /** The node took a snapshot of its own state. */
  snapshotted?(node: string, bytes: Uint8Array, index: number): void;
  /** The node has computed this version itself, to the end. */
  recomputed?(node: string, version: Hash): void;
  /** The node's key has signed this. */
  signed?(node: string, message: Uint8Array): void;
  /** After every step, of the node whose step it was. @throws when the claim does not hold */
  stepped?(node: NodeView): void;
}
