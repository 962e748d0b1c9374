/** What a node says of itself: role, term and leader only once they are stored, so that no term is ever led twice. */
import { membersIn } from "../raft/configuration.js";
import type { RaftCore } from "../raft/core.js";
import type { Ready } from "../raft/ready.js";
import type { Role } from "../raft/types.js";
import type { RaftStatus } from "./types.js";

export class Published {
  private role: Role = "follower";
  private leader: string | null = null;
  private term: number;
  private seen: readonly unknown[] = [];

  constructor(private readonly core: RaftCore) {
    this.term = core.term;
    this.changed();
  }

  stored(ready: Ready): void {
    if (ready.hardState !== null) this.term = ready.hardState.term;
    if (ready.softState !== null) ({ role: this.role, leader: this.leader } = ready.softState);
  }

  /** A node that does not run leads nobody. */
  stopped(): void {
    this.role = "follower";
    this.leader = null;
  }

  status(): RaftStatus {
    const core = this.core.status();
    const { voters, votersOutgoing } = core.configuration;
    const votes = voters.includes(core.id) || votersOutgoing.includes(core.id);
    return {
      id: core.id,
      role: this.role === "follower" && !votes ? "learner" : this.role,
      term: this.term,
      leader: this.leader,
      commitIndex: core.commitIndex,
      appliedIndex: core.appliedIndex,
      lastIndex: core.lastIndex,
      snapshotIndex: core.snapshotIndex,
      ...membersIn(core.configuration),
      followers: this.core.followers(),
      pendingConfig: core.pendingConfig,
    };
  }

  /** Whether anything that listeners care for is different from when this was last asked. */
  changed(): boolean {
    const { configuration, log } = this.core;
    // A configuration is never changed in place: another one is another object.
    const now = [this.role, this.term, this.leader, log.appliedIndex, configuration];
    const changed = now.some((value, i) => value !== this.seen[i]);
    this.seen = now;
    return changed;
  }
}
