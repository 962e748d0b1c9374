/**
 * Keeps the committee healthy: every node watches who is there, and the one that leads carries out what the planner
 * (`consensus/committee`) makes of it. Each plan stands in the log with its reason before it is carried out. Voters are
 * added in Raft first and taken out of the committee first; see `committee_keeper.ts`.
 */
import { type CommitteePlan, HealthLedger, planCommittee } from "../../consensus/committee/index.js";
import { encodeCommand } from "../../consensus/control/index.js";
import type { RaftNode, RaftStatus } from "../../consensus/node/index.js";
import type { Logger } from "../../protocol/index.js";
import type { CommitteeKeeper } from "./committee_keeper.js";
import type { Presence } from "./presence.js";

/** A plan of many changes names every one of them; the log keeps this much of its reason. */
const REASON_CHARS_MAX = 2048;

/** `silent`: not there at the moment; `dead`: for the stabilization time, so that it is to be replaced. */
export type VoterHealth = "alive" | "silent" | "dead";

export interface CommitteeTenderInit {
  readonly self: string;
  readonly committeeSize: number;
  readonly stabilizationMs: number;
  readonly maxLearners: number;
  readonly raft: Pick<RaftNode, "status" | "propose" | "changeMembership">;
  readonly committee: Pick<CommitteeKeeper, "align">;
  readonly presence: Pick<Presence, "isAlive" | "get">;
  readonly logger: Logger;
  /** Monotonic. */
  readonly now: () => number;
}

export class CommitteeTender {
  private readonly ledger = new HealthLedger();

  constructor(private readonly init: CommitteeTenderInit) {}

  /** One look at who is there; on every node, so that a new leader need not begin anew. */
  look(): void {
    const status = this.init.raft.status();
    const { voters, learners, lastIndex } = status;
    const seen = [...voters, ...learners].map((peer) => this.sightingOf(peer, status));
    this.ledger.look({ nowMs: this.init.now(), lastIndex, voters, seen });
  }

  /** How many of the voters are how well, as far as this node can tell. */
  voterHealth(): Readonly<Record<VoterHealth, number>> {
    const counts = { alive: 0, silent: 0, dead: 0 };
    for (const peer of this.init.raft.status().voters) {
      const deadForMs = this.ledger.of(peer)?.deadForMs ?? null;
      if (deadForMs === null) counts.alive++;
      else counts[deadForMs < this.init.stabilizationMs ? "silent" : "dead"]++;
    }
    return counts;
  }

  /** Leader: one step, if there is one to make. Nothing else may change the members meanwhile. */
  async tend(): Promise<void> {
    const { raft, committee, logger } = this.init;
    // One thing at a time: the next change of the voters waits until the committee has caught up with the last.
    if (!(await committee.align()) || raft.status().pendingConfig) return;
    const plan = this.plan();
    if (plan === null) return;
    const promoted = plan.changes.filter((c) => c.kind === "addVoter").map((c) => c.peer);
    const demoted = plan.changes.filter((c) => c.kind === "addLearner").map((c) => c.peer);
    const reason = plan.reason.slice(0, REASON_CHARS_MAX);
    if (demoted.length > 0 && !(await committee.align(demoted))) return;
    await raft.propose(
      encodeCommand({ v: 1, type: "committee.plan", promoted, demoted, reason, atMs: Date.now() }),
    );
    await raft.changeMembership(plan.changes);
    const voters = raft.status().voters.length;
    logger.info({ promoted, demoted, reason, voters }, "the members were changed");
  }

  private plan(): CommitteePlan | null {
    const { self, raft, presence, committeeSize, stabilizationMs, maxLearners } = this.init;
    const { voters, learners } = raft.status();
    const members = [...voters, ...learners].flatMap((peer) => {
      const health = this.ledger.of(peer);
      const zone = presence.get(peer)?.heartbeat.zone ?? "";
      return health === null ? [] : [{ peer, zone, votes: voters.includes(peer), health }];
    });
    // Somebody has come since the last look: the next one will know.
    if (members.length < voters.length + learners.length) return null;
    const { unchangedForMs } = this.ledger;
    return planCommittee({
      self,
      members,
      targetVoters: committeeSize,
      stabilizationMs,
      maxLearners,
      unchangedForMs,
    });
  }

  /** To a leader, a voter is there if Raft hears from it; who is to become one must be heard by gossip, too. */
  private sightingOf(peer: string, { role, lastIndex, voters, followers }: RaftStatus) {
    const present = this.init.presence.isAlive(peer);
    if (peer === this.init.self) return { peer, alive: true, matchIndex: lastIndex };
    if (role !== "leader") return { peer, alive: present, matchIndex: 0 };
    const follower = followers.find((f) => f.peer === peer);
    const matchIndex = follower?.matchIndex ?? 0;
    const heard = present || (voters.includes(peer) && matchIndex > 0);
    return { peer, alive: follower?.active === true && heard, matchIndex };
  }
}
