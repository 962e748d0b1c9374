/** Changes of the Raft configuration that belong together, made through what Raft offers: one server at a time. */
import type { PlannedChange } from "../../consensus/committee/index.js";
import type { RaftNode } from "../../consensus/node/index.js";

/**
 * Additions first, so that at no moment fewer vote than before. A voter that is to follow only is taken out and put back
 * as a learner, under which it finds out by itself when it returns.
 *
 * @throws ConsensusError as `RaftNode.changeMembership`; what was made before stays, and the planner goes on from there
 */
export async function changeTogether(
  raft: Pick<RaftNode, "changeMembership">,
  changes: readonly PlannedChange[],
): Promise<void> {
  for (const { kind, peer } of changes) {
    if (kind === "addVoter") await raft.changeMembership({ kind, peer });
  }
  for (const { kind, peer } of changes) {
    if (kind === "addVoter") continue;
    await raft.changeMembership({ kind: "remove", peer });
    if (kind === "addLearner") await raft.changeMembership({ kind, peer });
  }
}
