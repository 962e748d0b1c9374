/**
 * Keeps the committee, whose signatures make a version, in step with the voters of the Raft configuration: whenever they
 * differ, the leader asks the committee to hand over, and commits its signatures. Additions are made in Raft first and
 * removals here first, so that at every moment either majority can be had from the same nodes.
 */
import { type ApplyOutcome, encodeCommand } from "../../consensus/control/index.js";
import { toBytes } from "../../consensus/encoding.js";
import type { RaftNode } from "../../consensus/node/index.js";
import type { CommitteeDecision } from "../../consensus/types.js";
import { committeePreimage } from "../../consensus/votes/index.js";
import type { SwarmHost } from "../../protocol/index.js";
import type { Verify } from "../../protocol/types.js";
import type { Logger } from "../logger.js";
import { BALLOT, takeBallot } from "../rounds/ballot.js";
import { answerOf, type VoteAnswer } from "../rounds/vote_answer.js";
import type { Voter } from "../rounds/voter.js";
import type { KeyedLock } from "../store/keyed_lock.js";
import type { ControlLog } from "./control_log.js";
import { handoverMethod } from "./methods.js";

const VOTE_MS = 5000;
const TRANSFER_MS = 2000;

export interface CommitteeKeeperInit {
  readonly self: string;
  readonly raft: Pick<RaftNode, "status" | "propose" | "transferLeadership">;
  readonly control: Pick<ControlLog, "state">;
  readonly ballots: KeyedLock;
  readonly verify: Verify;
  readonly rpc: Pick<SwarmHost["rpc"], "call">;
  readonly voter: Pick<Voter, "handOver">;
  readonly logger: Pick<Logger, "info" | "debug">;
}

/** What this leader has asked signatures for. */
interface Asked {
  readonly seq: number;
  readonly term: number;
  readonly voters: readonly string[];
}

export class CommitteeKeeper {
  private asked: Asked | null = null;

  constructor(private readonly init: CommitteeKeeperInit) {}

  /**
   * Hands over to the voters of the configuration, less those that are to leave it, unless they are the committee.
   *
   * @returns whether the committee is now that; false when its majority did not sign, or this node leads no more
   * @throws ConsensusError when the handover could not be committed
   */
  async align(leaving: readonly string[] = []): Promise<boolean> {
    // A ballot that waits for operators ends as soon as somebody wants its lock: only for a change that is needed.
    if (this.wanted(leaving).join() === this.init.control.state.committee.voters.join()) return true;
    return this.init.ballots.run(BALLOT, async () => {
      const { control, raft } = this.init;
      const unfinished = this.unfinished();
      const wanted = this.wanted(leaving);
      if (unfinished !== null && unfinished.join() !== wanted.join()) {
        const possible = unfinished.every((peer) => control.state.voters.includes(peer));
        if (!possible) await raft.transferLeadership(undefined, TRANSFER_MS);
        if (!possible || !(await this.handOver(unfinished))) return false;
      }
      const voters = this.wanted(leaving);
      if (voters.join() === control.state.committee.voters.join()) return true;
      return this.handOver(voters);
    });
  }

  /**
   * A voter signs one handover of a number and term, so once this leader has asked for some signatures it has to go on
   * with what it asked for: another handover would never get a majority from those who have signed, for as long as this
   * term lasts. When it can not any more, since somebody in it votes no longer, only another term helps.
   */
  private unfinished(): readonly string[] | null {
    const { asked } = this;
    const { seq } = this.init.control.state.committee;
    return asked?.seq === seq + 1 && asked.term === this.init.raft.status().term ? asked.voters : null;
  }

  private async handOver(voters: readonly string[]): Promise<boolean> {
    const { raft, logger } = this.init;
    if (voters.length === 0 || raft.status().role !== "leader") return false;
    const decision = this.decisionOf(voters);
    this.asked = decision;
    const outcome = await takeBallot({
      voters: decision.from,
      preimage: committeePreimage(decision),
      verify: this.init.verify,
      ask: (peer) => this.ask(peer, decision),
    });
    if (outcome.kind === "refused") {
      const reasons = outcome.refusals.map((r) => `${r.peer.slice(-8)}: ${r.reason}`).join("; ");
      logger.debug({ seq: decision.seq, reasons }, "the committee has not handed over yet");
      return false;
    }
    const certificate = { decision, votes: [...outcome.votes] };
    const command = encodeCommand({ v: 1, type: "committee.change", certificate, atMs: Date.now() });
    const { result } = await raft.propose(command);
    const applied = (result as ApplyOutcome).kind === "applied";
    logger.info({ seq: decision.seq, voters: voters.length, applied }, "the committee handed over");
    return applied;
  }

  private decisionOf(voters: readonly string[]): CommitteeDecision {
    const { swarm, formation, committee } = this.init.control.state;
    return {
      v: 1,
      swarm,
      formation,
      seq: committee.seq + 1,
      term: this.init.raft.status().term,
      parent: committee.digest,
      from: committee.voters,
      voters,
    };
  }

  private wanted(leaving: readonly string[]): string[] {
    return this.init.control.state.voters.filter((peer) => !leaving.includes(peer));
  }

  private async ask(peer: string, decision: CommitteeDecision): Promise<VoteAnswer> {
    const { self, voter, rpc, control } = this.init;
    const question = { decision: toBytes(decision), index: control.state.index };
    if (peer === self) return voter.handOver(question, self);
    return answerOf(await rpc.call(peer, handoverMethod, { v: 1, ...question }, { timeoutMs: VOTE_MS }));
  }
}
