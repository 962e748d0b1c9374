/**
 * Who belongs: a newcomer asks until it is a member, the leader admits newcomers as learners and promotes those that
 * have caught up until the committee is full. One change of the configuration at a time.
 */
import { encodeCommand } from "../../consensus/control/index.js";
import { ConsensusError } from "../../consensus/errors.js";
import type { RaftNode } from "../../consensus/node/index.js";
import type { SwarmHost } from "../../protocol/index.js";
import type { Logger } from "../logger.js";
import type { CommitteeKeeper } from "./committee_keeper.js";
import type { ControlLog } from "./control_log.js";
import { joinMethod } from "./methods.js";
import type { Presence } from "./presence.js";
import { nextVoter } from "./zones.js";

const POLL_MS = 500;
const ASK_TIMEOUT_MS = 8000;
/** A learner this close to the end of the log counts as caught up. */
const CAUGHT_UP_ENTRIES = 16;

export interface MembershipInit {
  readonly self: string;
  readonly name: string;
  readonly committeeSize: number;
  readonly raft: Pick<RaftNode, "changeMembership" | "propose" | "status">;
  readonly control: Pick<ControlLog, "state">;
  readonly committee: Pick<CommitteeKeeper, "align">;
  readonly host: Pick<SwarmHost, "peers"> & { readonly rpc: Pick<SwarmHost["rpc"], "call"> };
  readonly presence: Presence;
  readonly logger: Pick<Logger, "debug" | "info" | "warn">;
}

type JoinAnswer = {
  v: 1;
  status: "admitted" | "redirect" | "wait";
  leader: string | null;
  reason: string | null;
};

export class Membership {
  private timer: NodeJS.Timeout | null = null;
  private turn: Promise<unknown> | null = null;
  private stopped = false;
  private asked = 0;

  constructor(private readonly init: MembershipInit) {}

  start(): void {
    this.timer = setInterval(() => void this.poll(), POLL_MS);
    void this.poll();
  }

  stop(): void {
    this.stopped = true;
    if (this.timer) clearInterval(this.timer);
  }

  isMember(): boolean {
    const { voters, learners } = this.init.control.state;
    return voters.includes(this.init.self) || learners.includes(this.init.self);
  }

  /** The leader's answer to a newcomer; any other node says whom to ask. */
  async admit(peer: string, name: string): Promise<JoinAnswer> {
    const { raft, control } = this.init;
    const { role, leader } = raft.status();
    if (role !== "leader") {
      const reason = leader === null ? "no leader is known" : null;
      return { v: 1, status: leader === null ? "wait" : "redirect", leader, reason };
    }
    const { voters, learners, members } = control.state;
    try {
      if (!voters.includes(peer) && !learners.includes(peer))
        await raft.changeMembership({ kind: "addLearner", peer });
      if (members.find((m) => m.peer === peer)?.name !== name) {
        await raft.propose(encodeCommand({ v: 1, type: "member.join", peer, name, atMs: Date.now() }));
      }
      return { v: 1, status: "admitted", leader: this.init.self, reason: null };
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return { v: 1, status: "wait", leader, reason: reason.slice(0, 512) };
    }
  }

  /** Runs `work` while nothing else changes the members: what it takes out is not appointed again meanwhile. */
  async alone<T>(work: () => Promise<T>): Promise<T> {
    while (this.turn !== null) await this.turn.catch(() => undefined);
    const turn = Promise.resolve().then(work);
    this.turn = turn;
    try {
      return await turn;
    } finally {
      this.turn = null;
    }
  }

  private async poll(): Promise<void> {
    if (this.turn !== null || this.stopped) return;
    try {
      await this.alone(() => this.look());
    } catch (error) {
      const known = error instanceof ConsensusError;
      const reason = error instanceof Error ? error.message : String(error);
      if (!this.stopped) this.init.logger[known ? "debug" : "warn"]({ reason }, "membership not changed");
    }
  }

  private async look(): Promise<void> {
    const { role } = this.init.raft.status();
    if (role === "leader") await this.tend();
    else if (!this.isMember()) await this.ask();
  }

  /** Leader: names itself in the list, promotes one learner that has caught up while the committee has room. */
  private async tend(): Promise<void> {
    const { raft, control, presence, self, name, committeeSize } = this.init;
    const { members, voters } = control.state;
    if (members.find((m) => m.peer === self)?.name === "") {
      await raft.propose(encodeCommand({ v: 1, type: "member.join", peer: self, name, atMs: Date.now() }));
    }
    // One thing at a time: the next change of the voters waits until the committee has caught up with the last.
    if (!(await this.init.committee.align())) return;
    if (voters.length >= committeeSize) return;
    const { learners, followers, pendingConfig } = raft.status();
    if (pendingConfig) return;
    const ready = followers.filter(
      (f) => learners.includes(f.peer) && f.active && f.lag <= CAUGHT_UP_ENTRIES && presence.isAlive(f.peer),
    );
    const zoneOf = (peer: string) => presence.get(peer)?.heartbeat.zone ?? "";
    const chosen = nextVoter(
      ready.map((f) => f.peer),
      voters,
      zoneOf,
    );
    if (chosen === null) return;
    await raft.changeMembership({ kind: "addVoter", peer: chosen });
    const facts = { peer: chosen, zone: zoneOf(chosen), voters: voters.length + 1 };
    this.init.logger.info(facts, "a learner was promoted to voter");
  }

  /** Newcomer: asks one peer after the other, following its word on who leads. */
  private async ask(): Promise<void> {
    const { host, raft } = this.init;
    const peers = host.peers().filter((p) => p.formation !== null);
    const known = raft.status().leader;
    let target =
      peers.find((p) => p.peer === known)?.peer ?? peers[this.asked++ % Math.max(1, peers.length)]?.peer;
    for (let hops = 0; target !== undefined && hops < 3; hops++) {
      const answer = await host.rpc.call(
        target,
        joinMethod,
        { v: 1, name: this.init.name },
        { timeoutMs: ASK_TIMEOUT_MS },
      );
      if (answer.status === "admitted") return;
      if (answer.status === "wait" || answer.leader === null) {
        this.init.logger.debug({ peer: target, reason: answer.reason }, "not admitted yet");
        return;
      }
      target = answer.leader;
    }
  }
}
