import { BoundedQueues } from "./bounded_queues.js";
import { CommitDurability } from "./commit_durability.js";
import { Commits } from "./commits.js";
import { ElectionSafety } from "./election_safety.js";
import type { Invariant } from "./invariant.js";
import { LeaderAppendOnly } from "./leader_append_only.js";
import { LeaderCompleteness } from "./leader_completeness.js";
import { LinearizableReads } from "./linearizable_reads.js";
import { LogMatching } from "./log_matching.js";
import { MembershipSafety } from "./membership_safety.js";
import { Promises } from "./promises.js";
import { StateMachineSafety } from "./state_machine_safety.js";

export { type Invariant, InvariantBroken } from "./invariant.js";

/** Those that look at cores alone, for a simulation with disks and messages of its own kind. */
export function coreInvariants(): Invariant[] {
  const commits = new Commits();
  return [
    commits,
    new ElectionSafety(false),
    new LeaderCompleteness(commits),
    new LeaderAppendOnly(),
    new LogMatching(),
  ];
}

/** In this order after every step; `commits` first, for others ask it. */
export function allInvariants(): Invariant[] {
  const commits = new Commits();
  return [
    commits,
    new ElectionSafety(),
    new LeaderCompleteness(commits),
    new LeaderAppendOnly(),
    new LogMatching(),
    new StateMachineSafety(),
    new CommitDurability(),
    new Promises(),
    new MembershipSafety(commits),
    new LinearizableReads(commits),
    new BoundedQueues(),
  ];
}
