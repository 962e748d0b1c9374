/**
 * Takes a node out of the swarm, as a committed change: out of the committee first, then out of the configuration. Any
 * member may be asked and passes it on to the leader; a leader that is to go hands the leadership over first.
 */
import type { ControlState } from "../../consensus/control/index.js";
import { ConsensusError } from "../../consensus/errors.js";
import type { RaftNode } from "../../consensus/node/index.js";
import type { SwarmHost } from "../../protocol/index.js";
import type { Logger } from "../logger.js";
import { ServiceError } from "../services/errors.js";
import type { CommitteeKeeper } from "./committee_keeper.js";
import type { ControlLog } from "./control_log.js";
import { isMember } from "./members.js";
import type { Membership } from "./membership.js";
import { type RemoveAnswer, removeMethod } from "./methods.js";
import type { Presence } from "./presence.js";

/** A removal that is not committed after this long has failed. */
const REMOVE_MS_MAX = 20_000;
/** The leader has been out of reach for this long: it is not being elected, this node is cut off. */
const UNREACHABLE_MS_MAX = 5000;
const RETRY_MS = 200;
const TRANSFER_MS = 2000;
const REASON_CHARS_MAX = 512;

export interface RemovalInit {
  readonly self: string;
  readonly raft: Pick<RaftNode, "status" | "changeMembership" | "transferLeadership">;
  readonly control: Pick<ControlLog, "state">;
  readonly committee: Pick<CommitteeKeeper, "align">;
  readonly membership: Pick<Membership, "alone">;
  readonly presence: Pick<Presence, "isAlive">;
  readonly rpc: Pick<SwarmHost["rpc"], "call">;
  readonly logger: Pick<Logger, "info">;
  /** Default: `UNREACHABLE_MS_MAX`. */
  readonly unreachableMsMax?: number;
}

interface Unreachable {
  readonly status: "unreachable";
  readonly reason: string;
  /** Whether the leader may have heard it. */
  readonly committed: "no" | "unknown";
}

export class Removal {
  constructor(private readonly init: RemovalInit) {}

  /**
   * Resolves once the removal of `peer` is committed.
   * @throws ServiceError NODE_NOT_FOUND, CONSENSUS_FAILED, NETWORK_PARTITION
   */
  async remove(peer: string): Promise<void> {
    const untilMs = Date.now() + REMOVE_MS_MAX;
    let committed: "no" | "unknown" = "no";
    const patienceMs = this.init.unreachableMsMax ?? UNREACHABLE_MS_MAX;
    let unreachableSinceMs = Number.POSITIVE_INFINITY;
    for (;;) {
      const answer = await this.askLeader(peer, untilMs);
      switch (answer.status) {
        case "removed":
          return;
        case "unknown":
          throw new ServiceError("NODE_NOT_FOUND", `${peer} is not a member of this swarm`, {
            node_id: peer,
          });
        case "refused": {
          const { reason, voters, alive } = answer;
          throw new ServiceError("CONSENSUS_FAILED", reason, { node_id: peer, voters, alive });
        }
        case "wait":
          if (Date.now() >= untilMs)
            throw new ServiceError("CONSENSUS_FAILED", answer.reason, { node_id: peer });
          break;
        case "unreachable":
          if (answer.committed === "unknown") committed = "unknown";
          unreachableSinceMs = Math.min(unreachableSinceMs, Date.now());
          if (Date.now() >= Math.min(untilMs, unreachableSinceMs + patienceMs))
            throw new ServiceError("NETWORK_PARTITION", answer.reason, { node_id: peer, committed });
      }
      if (answer.status !== "unreachable") unreachableSinceMs = Number.POSITIVE_INFINITY;
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }

  /** The answer to a member that was asked to remove `peer`. */
  async answer(peer: string, from: string): Promise<RemoveAnswer> {
    if (isMember(this.init.control.state, from)) return this.removeHere(peer);
    return refused(`${from} is not a member of this swarm`, this.init.control.state.voters.length, 0);
  }

  private async askLeader(peer: string, untilMs: number): Promise<RemoveAnswer | Unreachable> {
    const { raft, rpc } = this.init;
    const { role, leader } = raft.status();
    if (role === "leader") return this.removeHere(peer);
    if (leader === null)
      return { status: "unreachable", reason: "no leader can be reached", committed: "no" };
    const timeoutMs = Math.max(1, untilMs - Date.now());
    try {
      return await rpc.call(leader, removeMethod, { v: 1, peer }, { timeoutMs });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return { status: "unreachable", reason, committed: "unknown" };
    }
  }

  private async removeHere(peer: string): Promise<RemoveAnswer> {
    const { self, raft, membership } = this.init;
    if (raft.status().role !== "leader") return wait("this node does not lead");
    return membership.alone(async () => {
      try {
        const refusal = this.refusal(peer);
        if (refusal !== null) return refusal;
        if (peer !== self) return await this.commit(peer);
        // The next leader does it, asked by whoever asked this one.
        const handed = await raft.transferLeadership(undefined, TRANSFER_MS);
        return wait(handed ? "the leadership was handed over first" : "no other node took the leadership");
      } catch (error) {
        if (error instanceof ConsensusError) return wait(error.message);
        throw error;
      }
    });
  }

  private refusal(peer: string): RemoveAnswer | null {
    const { control, presence } = this.init;
    const { voters, learners } = control.state;
    if (!voters.includes(peer) && !learners.includes(peer)) return { v: 1, status: "unknown" };
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
    await raft.changeMembership({ kind: "remove", peer });
    logger.info({ peer, voters: control.state.voters.length }, "a node was removed from the swarm");
    return { v: 1, status: "removed" };
  }
}

function isVoter({ voters, committee }: ControlState, peer: string): boolean {
  return voters.includes(peer) || committee.voters.includes(peer);
}

function wait(reason: string): RemoveAnswer {
  return { v: 1, status: "wait", reason: reason.slice(0, REASON_CHARS_MAX) };
}

function refused(reason: string, voters: number, alive: number): RemoveAnswer {
  return { v: 1, status: "refused", reason: reason.slice(0, REASON_CHARS_MAX), voters, alive };
}
