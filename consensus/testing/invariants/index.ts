import { ElectionSafety } from "./election_safety.js";
import type { Invariant } from "./invariant.js";
import { LeaderCompleteness } from "./leader_completeness.js";
import { LogMatching } from "./log_matching.js";
import { StateMachineSafety } from "./state_machine_safety.js";

export type { Invariant, World } from "./invariant.js";

export function allInvariants(): Invariant[] {
  return [new ElectionSafety(), new LogMatching(), new LeaderCompleteness(), new StateMachineSafety()];
}
