/** What must hold after every step of every simulated run. One file per claim, with the argument for it. */
import type { Message } from "../../raft/messages.js";
import type { ReadState } from "../../raft/types.js";
import type { Applied, SimNode } from "../raft_sim/sim_node.js";

/**
 * The claims are checked by code of their own: what they are about (quorums, queues, terms) is not asked of the core's
 * helpers, which may be wrong in the same way as the core.
 */
export interface Invariant {
  readonly name: string;
  /** After every step, for each node that it touched. @throws when the claim does not hold */
  check?(node: SimNode, nodes: readonly SimNode[]): void;
  /** On every applied entry and restored snapshot. */
  applied?(node: SimNode, applied: Applied): void;
  /** Before a message leaves. */
  sent?(node: SimNode, message: Message): void;
  /** A read is asked for, under a number that no other read of the run has. */
  asked?(node: SimNode, read: number): void;
  answered?(node: SimNode, state: ReadState): void;
  /** The log was compacted behind a snapshot at `index`, so that `keep` entries of before it may remain. */
  compacted?(node: SimNode, index: number, keep: number): void;
}

/** A run that must not go on. */
export class InvariantBroken extends Error {
  override readonly name = "InvariantBroken";

  constructor(
    readonly invariant: string,
    what: string,
  ) {
    super(`${invariant}: ${what}`);
  }
}
