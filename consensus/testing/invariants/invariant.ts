/** What must hold after every step of every simulated run. One file per claim, with the argument for it. */
import type { Applied, SimNode } from "../raft_sim/sim_node.js";

export interface World {
  readonly nodes: readonly SimNode[];
}

export interface Invariant {
  readonly name: string;
  /** After every step. @throws when the claim does not hold */
  check(world: World): void;
  /** On every applied entry and restored snapshot. */
  applied?(id: string, applied: Applied): void;
}
