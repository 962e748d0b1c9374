/**
 * Who belongs: a newcomer asks until it is a member, the leader admits newcomers as learners and sees to the committee
 * (`committee_tender.ts`). One thing at a time. A member that has lost touch asks the members it knows who leads.
 */
import { encodeCommand, isRemoved } from "../../consensus/control/index.js";
import { ConsensusError } from "../../consensus/errors.js";
import type { RaftNode } from "../../consensus/node/index.js";
import type { Logger, SwarmHost } from "../../protocol/index.js";
import type { Hash } from "../../protocol/types.js";
import type { CommitteeTender } from "./committee_tender.js";
import type { ControlLog } from "./control_log.js";
import type { Follower } from "./follower.js";
import { type JoinAnswer, joinMethod } from "./methods.js";

/** Between two looks at what is to be done about the members. */
const POLL_MS = 500;
/** For one question of a newcomer. */
const ASK_TIMEOUT_MS = 8000;
/** From whoever is asked first to the leader. */
const HOPS_MAX = 3;
/** Polls in a row without a leader, with strangers heard, after which a member asks around. */
const LOST_POLLS = 6;
/** Polls in a row without a leader, and without a word from anybody, after which a member asks whether it still is one. */
const FORGOTTEN_POLLS = 60;
/** Of a reason that another node is told; the rest is cut off. */
const REASON_CHARS_MAX = 512;
/** A node that was put out asks again after this long at first, then twice as long each time. */
const OUT_ASK_MS_MIN = 2000;
/** It never asks less often than this. */
const OUT_ASK_MS_MAX = 60_000;
/** Others may say that this node's standing has changed; more often than this it is not looked into. */
const STANDING_MS_MIN = 1000;
/** All followers see at once that a place is free: each waits a random part of this, and most then see it taken. */
const PLACE_SPREAD_MS = 60_000;

export interface MembershipInit {
  readonly self: string;
  readonly name: string;
  readonly formation: Hash;
  readonly raft: Pick<RaftNode, "status" | "propose" | "changeMembership" | "introduce" | "strangersHeard">;
  readonly control: Pick<ControlLog, "state">;
  readonly maxLearners: number;
  readonly committee: Pick<CommitteeTender, "look" | "tend">;
  readonly follower: Pick<Follower, "active" | "begin">;
  /** Leader: takes those out of the configuration that were put out; see `removal.ts`. */
  readonly finishRemovals: () => Promise<void>;
  readonly host: Pick<SwarmHost, "peers"> & { readonly rpc: Pick<SwarmHost["rpc"], "call"> };
  readonly logger: Logger;
  /** Monotonic. */
  readonly now: () => number;
  /** In [0, 1). */
  readonly random: () => number;
}

/** What a node says of itself when it asks to be admitted. */
export interface Applicant {
  readonly peer: string;
  readonly name: string;
  /** It holds nothing of the swarm's log. */
  readonly empty: boolean;
}

export class Membership {
  private timer: NodeJS.Timeout | null = null;
  private turn: Promise<unknown> | null = null;
  private stopped = false;
  private asked = 0;
  private leaderlessPolls = 0;
  private strangersBefore = 0;
  private refusal: string | null = null;
  /** Learners that the leader takes in, as it last said. */
  private learnersMax = 0;
  private askAtMs: number | null = null;
  private out: { readonly reason: string; readonly delayMs: number; readonly nextAtMs: number } | null = null;
  private standingAtMs = Number.NEGATIVE_INFINITY;

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

  /** Why the swarm keeps this node out, in plain words; null: it does not. */
  get keptOut(): string | null {
    return this.out?.reason ?? null;
  }

  /** Somebody says that this node was put out or readmitted: it asks the leader, if it has not just done so. */
  async standingChanged(): Promise<void> {
    const nowMs = this.init.now();
    if (nowMs - this.standingAtMs < STANDING_MS_MIN || this.stopped) return;
    this.standingAtMs = nowMs;
    if (this.init.raft.status().role === "leader") return;
    await this.alone(() => this.ask()).catch(() => undefined);
  }

  /** The leader's answer to a newcomer; any other node says whom to ask. */
  async admit(applicant: Applicant): Promise<JoinAnswer> {
    const { raft } = this.init;
    const { role, leader } = raft.status();
    if (role !== "leader") {
      return leader === null
        ? this.answer("wait", null, "no leader is known")
        : this.answer("redirect", leader, null);
    }
    if (isRemoved(this.init.control.state, applicant.peer))
      return { ...this.answer("refused", this.init.self, putOut(applicant.peer)), removed: true };
    if (this.isFull(applicant.peer)) {
      const { self, maxLearners } = this.init;
      const reason = `all ${maxLearners} places for learners are taken`;
      return { ...this.answer("follow", self, reason), learnersMax: maxLearners };
    }
    try {
      const refusal = await this.takeIn(applicant);
      return refusal === null
        ? this.answer("admitted", this.init.self, null)
        : this.answer("refused", this.init.self, refusal);
    } catch (error) {
      return this.answer("wait", leader, error instanceof Error ? error.message : String(error));
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

  /** One look at what is to be done; public so that a test need not wait for the clock. */
  async poll(): Promise<void> {
    this.init.committee.look();
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
    if (this.init.raft.status().role === "leader") await this.tend();
    else if (this.out !== null) await this.askWhenOut(this.out.nextAtMs);
    else if (this.init.follower.active) await this.askForPlace();
    else if (!this.isMember()) await this.ask();
    else if (this.hasLostTouch()) await this.askMembers();
  }

  private isFull(peer: string): boolean {
    const { voters, learners } = this.init.raft.status();
    return !voters.includes(peer) && !learners.includes(peer) && learners.length >= this.init.maxLearners;
  }

  /** @returns why it cannot be taken in as it is */
  private async takeIn({ peer, name, empty }: Applicant): Promise<string | null> {
    const { raft, control } = this.init;
    const { voters, learners } = raft.status();
    if (empty && voters.includes(peer)) return forgotten(peer);
    // What a learner has forgotten counted for nothing, but the leader must forget it too, or it would go on behind it.
    if (empty && learners.includes(peer) && this.held(peer) > 0) {
      await raft.changeMembership({ kind: "remove", peer });
    }
    const { learners: followers } = raft.status();
    if (!voters.includes(peer) && !followers.includes(peer)) {
      await raft.changeMembership({ kind: "addLearner", peer });
    }
    // An empty node listens to whoever admits it, so whoever does proves that it leads: its entry commits.
    const named = control.state.members.find((m) => m.peer === peer)?.name === name;
    if (!named || empty) {
      await raft.propose(encodeCommand({ v: 1, type: "member.join", peer, name, atMs: Date.now() }));
    }
    return empty && raft.status().voters.includes(peer) ? forgotten(peer) : null;
  }

  /** The last entry that a follower is known to have acknowledged. */
  private held(peer: string): number {
    return this.init.raft.status().followers.find((f) => f.peer === peer)?.matchIndex ?? 0;
  }

  /** The answer to one that must ask again later. */
  later(reason: string): JoinAnswer {
    return this.answer("wait", this.init.raft.status().leader, reason);
  }

  private answer(status: JoinAnswer["status"], leader: string | null, reason: string | null): JoinAnswer {
    const { voters } = this.init.raft.status();
    return { v: 1, status, leader, reason: reason?.slice(0, REASON_CHARS_MAX) ?? null, voters: [...voters] };
  }

  /** Leader: names itself in the list, and keeps the committee healthy. */
  private async tend(): Promise<void> {
    const { raft, control, self, name } = this.init;
    const { members } = control.state;
    if (members.find((m) => m.peer === self)?.name !== name) {
      await raft.propose(encodeCommand({ v: 1, type: "member.join", peer: self, name, atMs: Date.now() }));
    }
    await this.init.finishRemovals();
    await this.init.committee.tend();
  }

  private async askWhenOut(atMs: number): Promise<void> {
    if (this.init.now() >= atMs) await this.ask();
  }

  /** Newcomer: asks one peer after the other, following its word on who leads. */
  private async ask(first?: string): Promise<void> {
    const { host, raft, formation } = this.init;
    const peers = host.peers().filter((p) => p.formation === formation);
    const known = raft.status().leader;
    let target =
      first ??
      peers.find((p) => p.peer === known)?.peer ??
      peers[this.asked++ % Math.max(1, peers.length)]?.peer;
    for (let hops = 0; target !== undefined && hops < HOPS_MAX; hops++) {
      const answer = await this.callJoin(target);
      if (answer.status === "admitted" || answer.status === "follow") this.out = null;
      if (answer.status === "admitted") {
        // It has promised nothing yet, so it may believe whoever takes it in; see `circle.ts`.
        raft.introduce(target);
        return;
      }
      if (answer.status === "follow") {
        this.follow(answer);
        return;
      }
      if (answer.status === "refused") {
        this.complain(target, answer.reason);
        if (answer.removed) this.isOut(target, answer.reason);
      }
      if (answer.status !== "redirect" || answer.leader === null) {
        this.init.logger.debug({ peer: target, reason: answer.reason }, "not admitted yet");
        return;
      }
      target = answer.leader;
    }
  }

  /** A member believes the voters that it knows; a newcomer, who knows nobody, whoever answers: it asks others next. */
  private isOut(said: string, reason: string | null): void {
    if (this.isMember() && !this.init.control.state.voters.includes(said)) return;
    const delayMs = this.out === null ? OUT_ASK_MS_MIN : Math.min(OUT_ASK_MS_MAX, 2 * this.out.delayMs);
    this.out = { reason: reason ?? putOut(this.init.self), delayMs, nextAtMs: this.init.now() + delayMs };
  }

  private follow({ learnersMax }: JoinAnswer): void {
    this.learnersMax = learnersMax ?? 0;
    this.init.follower.begin();
  }

  /** Follower: asks again when it sees that a place is free, or that one is its own already. */
  private async askForPlace(): Promise<void> {
    const { raft, control, self, now, random } = this.init;
    const { learners } = control.state;
    const free = learners.includes(self) || learners.length < this.learnersMax;
    if (!free || raft.status().leader !== null || control.state.index === 0) this.askAtMs = null;
    else if (this.askAtMs === null) this.askAtMs = now() + random() * PLACE_SPREAD_MS;
    else if (now() >= this.askAtMs) {
      this.askAtMs = null;
      await this.ask();
    }
  }

  /**
   * No leader for a while, though somebody whom this node does not know talks as if it belonged; or for long, and nobody
   * talks to it: it may have been taken out while it was away.
   */
  private hasLostTouch(): boolean {
    const { raft } = this.init;
    const heard = raft.strangersHeard;
    this.leaderlessPolls = raft.status().leader === null ? this.leaderlessPolls + 1 : 0;
    if (this.leaderlessPolls === 0) this.strangersBefore = heard;
    const strangers = heard > this.strangersBefore;
    return this.leaderlessPolls >= (strangers ? LOST_POLLS : FORGOTTEN_POLLS);
  }

  /** Believes the members that it knows, and nobody else, on who leads and who votes. */
  private async askMembers(): Promise<void> {
    const { host, raft, control, self } = this.init;
    const forgotten = raft.strangersHeard === this.strangersBefore;
    this.leaderlessPolls = 0;
    this.strangersBefore = raft.strangersHeard;
    const { voters, learners } = control.state;
    const members = new Set([...voters, ...learners]);
    const reachable = host.peers().filter((p) => members.has(p.peer) && p.peer !== self);
    for (const { peer } of reachable) {
      const answer = await this.callJoin(peer).catch(() => null);
      if (answer === null) continue;
      const named = [...answer.voters, ...(answer.leader === null ? [] : [answer.leader])];
      for (const other of named) if (other !== self) raft.introduce(other);
      if (answer.status === "follow") this.follow(answer);
      // The leader itself says whether this node still has a place, and gives it another.
      else if (forgotten && answer.leader !== null && answer.leader !== peer) await this.ask(answer.leader);
    }
    const facts = { asked: reachable.map((p) => p.peer) };
    const unheard = forgotten
      ? "no leader for long: asked the members that this node knows whether it still belongs"
      : "nodes that this one does not know speak as members: asked the members that it knows who they are";
    const alone =
      "no leader, and no member that this node knows is in sight: start one of those, or empty this node's whole data folder, its identity too, so that it joins as a new node";
    this.init.logger.warn(facts, reachable.length > 0 ? unheard : alone);
  }

  private callJoin(peer: string): Promise<JoinAnswer> {
    const { host, raft, name } = this.init;
    const empty = raft.status().lastIndex === 0;
    return host.rpc.call(peer, joinMethod, { v: 1, name, empty }, { timeoutMs: ASK_TIMEOUT_MS });
  }

  /** Once, not at every attempt: it needs a person. */
  private complain(peer: string, reason: string | null): void {
    if (reason === this.refusal) return;
    this.refusal = reason;
    this.init.logger.error({ peer, reason }, `the swarm does not take this node in: ${reason}`);
  }
}

function putOut(peer: string): string {
  return `${peer} was put out of this swarm, and is kept out until an operator readmits it (\`ncrsh-swarm nodes readmit ${peer}\`)`;
}

function forgotten(peer: string): string {
  return `${peer} votes in this swarm, and its log is empty: it has forgotten what it promised and must not take part again. Remove it from the swarm (\`ncrsh-swarm nodes remove\`), empty its whole data folder, and start it: it then joins as a new node`;
}
