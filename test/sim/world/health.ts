/** Whether the swarm has recovered: everybody is back, agrees, and new versions come. */
import { isJoint } from "../../../consensus/raft/quorum.js";
import type { Operator } from "./operator.js";
import type { World } from "./world.js";

/** New versions that must be committed once all faults are over. */
const PROGRESS_VERSIONS = 2;

export class Health {
  private readonly versionsBefore: number;

  constructor(
    private readonly world: World,
    private readonly operator: Operator,
  ) {
    this.versionsBefore = world.watch.versions;
  }

  /** What is still wrong; null when nothing is. */
  complaint(): string | null {
    const { world, operator } = this;
    if (!operator.isIdle) return "the operator is not done";
    const down = world.present.find((node) => !node.isRunning);
    if (down !== undefined) return `${down.name} is ${down.standing}`;
    const leader = world.leader?.life;
    if (!leader) return "nobody leads";
    const status = leader.raft.status();
    if (isJoint(leader.core.configuration)) return "the configuration is joint";
    const { committee, voters } = leader.control.state;
    if (committee.voters.join() !== voters.join())
      return `the committee is ${committee.voters}, the voters ${voters}`;
    for (const { name, life } of world.running) {
      if (!life) continue;
      const { role, leader: followed, appliedIndex } = life.raft.status();
      if (![...status.voters, ...status.learners].includes(name)) return `${name} is no member`;
      if (followed !== leader.name) return `${name} (${role}) follows ${followed}, not ${leader.name}`;
      if (appliedIndex < status.commitIndex)
        return `${name} has applied ${appliedIndex} of ${status.commitIndex}`;
    }
    const most = Math.min(world.committeeSize, world.present.length);
    // An even number outlives no more losses: the planner leaves one a learner.
    const wanted = most - (most % 2 === 0 ? 1 : 0);
    if (status.voters.length < wanted) return `${status.voters.length} of ${wanted} voters`;
    const versions = world.watch.versions - this.versionsBefore;
    return versions < PROGRESS_VERSIONS ? `${versions} new versions` : null;
  }

  /** One line for each node. */
  describe(): string[] {
    return this.world.present.map(({ name, standing, life }) => {
      if (!life) return `${name}: ${standing}`;
      const { role, term, leader, appliedIndex, commitIndex, voters, learners } = life.raft.status();
      const { session, committee } = life.control.state;
      const at =
        session === null
          ? "no session"
          : `${session.id} ${session.status} round ${session.round} height ${session.height}`;
      return `${name}: ${role} of ${leader} in term ${term}, applied ${appliedIndex} of ${commitIndex}, voters ${voters} learners ${learners} committee ${committee.voters}, ${at}`;
    });
  }
}
