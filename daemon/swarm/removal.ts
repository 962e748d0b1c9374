/**
 * Puts a node out of the swarm, and lets it join again, as committed decisions. Out: it leaves the committee first, then
 * the log says that it is kept out, then it leaves the configuration. Any member may be asked and passes it on to the
 * leader; a leader that is to go hands the leadership over first.
 */
import {
  type ApplyOutcome,
  type ControlState,
  encodeCommand,
  isRemoved,
} from "../../consensus/control/index.js";
import { ConsensusError } from "../../consensus/errors.js";
import type { RaftNode } from "../../consensus/node/index.js";
import type { SwarmHost } from "../../protocol/index.js";
import type { Logger } from "../logger.js";
import { ServiceError } from "../services/errors.js";
import { askLeader, type Wait } from "./ask_leader.js";
import type { CommitteeKeeper } from "./committee_keeper.js";
import type { ControlLog } from "./control_log.js";
import { isMember } from "./members.js";
import type { Membership } from "./membership.js";
import {
  type ReadmitAnswer,
  type RemoveAnswer,
  readmitMethod,
  removeMethod,
  standingMethod,
} from "./methods.js";
import type { Presence } from "./presence.js";

const TRANSFER_MS = 2000;
/** For the word to a node that its standing has changed; it finds out by itself when it does not get it. */
const STANDING_MS = 2000;
const REASON_CHARS_MAX = 512;

export interface RemovalInit {
  readonly self: string;
  readonly raft: Pick<RaftNode, "status" | "propose" | "changeMembership" | "transferLeadership">;
  readonly control: Pick<ControlLog, "state">;
  readonly committee: Pick<CommitteeKeeper, "align">;
  readonly membership: Pick<Membership, "alone">;
  readonly presence: Pick<Presence, "isAlive" | "get">;
  readonly rpc: Pick<SwarmHost["rpc"], "call">;
  readonly logger: Pick<Logger, "info">;
  /** How long a leader may be out of reach; `ask_leader.ts` has the default. */
  readonly unreachableMsMax?: number;
}

export class Removal {
  constructor(private readonly init: RemovalInit) {}

  /**
   * Resolves once `peer` is out of the configuration, and kept out.
   * @throws ServiceError NODE_NOT_FOUND, LAST_VOTER, REMOVED_FULL, CONSENSUS_FAILED, NETWORK_PARTITION
   */
  async remove(peer: string): Promise<void> {
    const answer = await askLeader<RemoveAnswer>({
      ...this.init,
      peer,
      here: () => this.removeHere(peer),
      there: (leader, timeoutMs) => this.init.rpc.call(leader, removeMethod, { v: 1, peer }, { timeoutMs }),
    });
    if (answer.status === "removed") return;
    if (answer.status === "unknown")
      throw new ServiceError("NODE_NOT_FOUND", `${peer} is not a member of this swarm`, { node_id: peer });
    if (answer.status === "full") throw new ServiceError("REMOVED_FULL", answer.reason, { node_id: peer });
    const { reason, voters, alive } = answer;
    if (voters === 0) {
      const message = `${peer} is the only voter of this swarm: nobody would be left to decide anything`;
      throw new ServiceError("LAST_VOTER", message, { node_id: peer });
    }
    throw new ServiceError("CONSENSUS_FAILED", reason, { node_id: peer, voters, alive });
  }

  /**
   * Resolves once it is committed that `peer` may join again; it does so by itself while it runs.
   * @throws ServiceError NODE_NOT_REMOVED, CONSENSUS_FAILED, NETWORK_PARTITION
   */
  async readmit(peer: string): Promise<void> {
    const { status } = await askLeader<ReadmitAnswer>({
      ...this.init,
      peer,
      here: () => this.readmitHere(peer),
      there: (leader, timeoutMs) => this.init.rpc.call(leader, readmitMethod, { v: 1, peer }, { timeoutMs }),
    });
    if (status === "readmitted") return;
    throw new ServiceError("NODE_NOT_REMOVED", `${peer} is not kept out of this swarm`, { node_id: peer });
  }

  /** The answer to a member that was asked to remove `peer`. */
  async answer(peer: string, from: string): Promise<RemoveAnswer> {
    if (isMember(this.init.control.state, from)) return this.removeHere(peer);
    return refused(`${from} is not a member of this swarm`, this.init.control.state.voters.length, 0);
  }

  /** The answer to a member that was asked to readmit `peer`. */
  async answerReadmit(peer: string, from: string): Promise<ReadmitAnswer> {
    if (isMember(this.init.control.state, from)) return this.readmitHere(peer);
    return wait(`${from} is not a member of this swarm`);
  }

  /** Leader, while nothing else changes the members: takes out who was put out by a leader that did not get that far. */
  async finish(): Promise<void> {
    const { self, control, raft } = this.init;
    const left = control.state.removed.find(({ peer }) => isConfigured(control.state, peer))?.peer;
    if (left === undefined || this.refusal(left) !== null) return;
    if (left === self) await raft.transferLeadership(undefined, TRANSFER_MS);
    else await this.commit(left);
  }

  private async removeHere(peer: string): Promise<RemoveAnswer> {
    const { self, raft } = this.init;
    return this.asLeader(async () => {
      const refusal = this.refusal(peer);
      if (refusal !== null) return refusal;
      if (peer !== self) return await this.commit(peer);
      // The next leader does it, asked by whoever asked this one.
      const handed = await raft.transferLeadership(undefined, TRANSFER_MS);
      return wait(handed ? "the leadership was handed over first" : "no other node took the leadership");
    });
  }

  private async readmitHere(peer: string): Promise<ReadmitAnswer> {
    const { logger } = this.init;
    return this.asLeader(async () => {
      const outcome = await this.propose({ v: 1, type: "member.readmit", peer, atMs: Date.now() });
      if (outcome.kind === "refused")
        return outcome.code === "NOT_REMOVED" ? { v: 1, status: "unknown" } : wait(outcome.reason);
      logger.info({ peer }, "a node that was put out may join again");
      this.tell(peer);
      return { v: 1, status: "readmitted" };
    });
  }

  private async asLeader<A>(work: () => Promise<A>): Promise<A | (Wait & { readonly v: 1 })> {
    const { raft, membership } = this.init;
    if (raft.status().role !== "leader") return wait("this node does not lead");
    return membership.alone(async () => {
      try {
        return await work();
      } catch (error) {
        if (error instanceof ConsensusError) return wait(error.message);
        throw error;
      }
    });
  }

  private refusal(peer: string): RemoveAnswer | null {
    const { control, presence } = this.init;
    const { voters } = control.state;
    if (!isConfigured(control.state, peer)) {
      if (isRemoved(control.state, peer)) return { v: 1, status: "removed" };
      // Somebody who is heard, and would be taken in sooner or later, can be kept out beforehand.
      return presence.isAlive(peer) ? null : { v: 1, status: "unknown" };
    }
    const remaining = voters.filter((voter) => voter !== peer);
    const alive = remaining.filter((voter) => presence.isAlive(voter)).length;
    const needed = Math.floor(remaining.length / 2) + 1;
    if (alive >= needed) return null;
    const reason = `without ${peer}, ${alive} of ${remaining.length} voters would be alive, ${needed} needed to decide anything`;
    return refused(reason, remaining.length, alive);
  }

  private async commit(peer: string): Promise<RemoveAnswer> {
    const { raft, control, committee, logger } = this.init;
    if (isVoter(control.state, peer) && !(await committee.align([peer])))
      return wait(`no majority of the committee has signed that it goes on without ${peer}`);
    // First the decision, then the place: between the two nobody takes it in again.
    const member = control.state.members.find((m) => m.peer === peer);
    const name = member?.name || (this.init.presence.get(peer)?.heartbeat.name ?? "");
    const outcome = await this.propose({ v: 1, type: "member.remove", peer, name, atMs: Date.now() });
    if (outcome.kind === "refused")
      return { v: 1, status: "full", reason: outcome.reason.slice(0, REASON_CHARS_MAX) };
    if (isConfigured(control.state, peer)) await raft.changeMembership({ kind: "remove", peer });
    logger.info({ peer, voters: control.state.voters.length }, "a node was removed from the swarm");
    this.tell(peer);
    return { v: 1, status: "removed" };
  }

  private async propose(command: Parameters<typeof encodeCommand>[0]): Promise<ApplyOutcome> {
    const { result } = await this.init.raft.propose(encodeCommand(command));
    return result as ApplyOutcome;
  }

  private tell(peer: string): void {
    this.init.rpc.call(peer, standingMethod, { v: 1 }, { timeoutMs: STANDING_MS }).catch(() => undefined);
  }
}

function isConfigured({ voters, learners }: ControlState, peer: string): boolean {
  return voters.includes(peer) || learners.includes(peer);
}

function isVoter({ voters, committee }: ControlState, peer: string): boolean {
  return voters.includes(peer) || committee.voters.includes(peer);
}

function wait(reason: string): Wait & { readonly v: 1 } {
  return { v: 1, status: "wait", reason: reason.slice(0, REASON_CHARS_MAX) };
}

function refused(reason: string, voters: number, alive: number): RemoveAnswer {
  return { v: 1, status: "refused", reason: reason.slice(0, REASON_CHARS_MAX), voters, alive };
}
