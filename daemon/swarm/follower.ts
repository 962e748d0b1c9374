/**
 * Follows the swarm from outside the Raft configuration, at no cost to the leader: versions come by gossip with their
 * certificates, everything else from any peer that does not lead. What of it must be proven is proven here before it
 * becomes this node's control state: the committee by the handovers since the founding, each session's version by the
 * signatures of a committee; see `consensus/control/followed.ts` for what a peer can lie about.
 */
import {
  type ControlState,
  controlStateSchema,
  coversProven,
  followVersion,
  type Proven,
  type SessionState,
  toldFault,
  versionedSessions,
} from "../../consensus/control/index.js";
import { fromBytes } from "../../consensus/encoding.js";
import type { RaftNode } from "../../consensus/node/index.js";
import type { Certificate, Committee, CommitteeStep, RecoveryRecord } from "../../consensus/types.js";
import {
  committeeAfterStep,
  decisionDigest,
  decodeCertificate,
  decodeCommitteeStep,
  isRecovery,
  recoveryDigest,
  stepFault,
} from "../../consensus/votes/index.js";
import type { Logger, SwarmHost } from "../../protocol/index.js";
import type { Hash, Verify } from "../../protocol/types.js";
import type { ControlLog } from "./control_log.js";
import type { LineageStore } from "./lineage_store.js";
import { committeesMethod, lineageMethod, stateMethod, TOLD_STATE_BYTES_MAX } from "./methods.js";

/** Between two looks at whether a peer knows of something new; versions come by gossip and do not wait for it. */
const POLL_MS = 2000;
/** For one question to a peer. */
const CALL_MS = 10_000;
/** Even without news that count, the rest of the state (names, history) is fetched anew this often. */
const REFRESH_MS = 60_000;
/** Handovers that one look may have to catch up with. */
const HANDOVERS_MAX = 100_000;

type Answer = Omit<ReturnType<typeof stateMethod.response.parse>, "v">;

export interface FollowerInit {
  readonly swarm: string;
  readonly formation: Hash;
  /** The first committee, sorted. */
  readonly founders: readonly string[];
  /** The last recovery by force that this node was told to go on from. */
  readonly recovery: RecoveryRecord | null;
  readonly control: Pick<ControlLog, "state" | "logged" | "follow">;
  readonly lineage: LineageStore;
  readonly raft: Pick<RaftNode, "status">;
  readonly verify: Verify;
  /** Peers of this swarm that may be asked, likeliest first; see `askable.ts`. */
  readonly peers: () => readonly string[];
  readonly rpc: Pick<SwarmHost["rpc"], "call">;
  readonly logger: Logger;
  /** Monotonic. */
  readonly now: () => number;
}

export class Follower {
  private following = false;
  private timer: NodeJS.Timeout | null = null;
  private committee: Committee;
  /** The voters of every committee that was proven. */
  private readonly committees: Set<string>;
  private refreshedAtMs = Number.NEGATIVE_INFINITY;
  private asked = 0;
  private turn: Promise<unknown> = Promise.resolve();

  constructor(private readonly init: FollowerInit) {
    this.committee = { seq: 0, voters: init.founders, digest: null };
    this.committees = new Set([init.founders.join()]);
  }

  /** This node stands outside the configuration, and follows. */
  get active(): boolean {
    return this.following;
  }

  begin(): void {
    if (this.following) return;
    this.following = true;
    this.init.logger.info({}, "all places in the configuration are taken: this node follows the swarm");
    this.timer = setInterval(() => void this.poll(), POLL_MS);
    void this.poll();
  }

  stop(): void {
    if (this.timer) clearInterval(this.timer);
    this.timer = null;
    this.following = false;
  }

  /** One look around; public so that a test need not wait for the clock. */
  poll(): Promise<void> {
    return this.inTurn(async () => {
      if (this.hasPlace()) return this.end();
      const peers = this.init.peers();
      const peer = peers[this.asked++ % Math.max(1, peers.length)];
      if (peer === undefined) return;
      const news = await this.ask(peer, false);
      if (!this.isNews(news)) return;
      const { state } = await this.ask(peer, true);
      if (state === null) throw new Error(`${peer} left out the state that it was asked for`);
      await this.adopt(peer, fromBytes(controlStateSchema, state, "told state", TOLD_STATE_BYTES_MAX));
    });
  }

  /** A certificate that gossip has brought and the check on it has let through. */
  announced(certificate: Certificate): Promise<void> {
    return this.inTurn(async () => {
      const { control, lineage, verify } = this.init;
      if (!this.following) return;
      const next = followVersion(control.state, certificate, Date.now(), verify);
      if (next === null) return;
      await lineage.put(certificate);
      control.follow(next, certificate);
    });
  }

  private inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.turn.then(async () => {
      try {
        if (this.following) await work();
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        this.init.logger.debug({ reason }, "nothing new is followed");
      }
    });
    this.turn = turn;
    return turn;
  }

  private async ask(peer: string, full: boolean): Promise<Answer> {
    return this.init.rpc.call(peer, stateMethod, { v: 1, full }, { timeoutMs: CALL_MS });
  }

  /** The index is told, not proven, so that it decides nothing. */
  private isNews({ committee, learners, session }: Answer): boolean {
    const { state } = this.init.control;
    if (state.index === 0 || this.init.now() - this.refreshedAtMs >= REFRESH_MS) return true;
    if (committee > state.committee.seq || learners !== state.learners.length) return true;
    if (session === null) return false;
    if (session.id !== state.session?.id || session.status !== state.session.status) return true;
    const height = state.session.version === null ? -1 : state.session.height;
    return (session.height ?? -1) > height;
  }

  private async adopt(peer: string, told: ControlState): Promise<void> {
    const { control, lineage, verify, now } = this.init;
    await this.provenUpTo(peer, told.committee.seq);
    const heads = new Map<string, Certificate>();
    const reached = new Map<string, number | null>();
    for (const { id } of told.session === null ? told.past : [told.session, ...told.past])
      reached.set(id, await lineage.highest(id));
    for (const session of versionedSessions(told)) {
      const head = await this.headOf(peer, session);
      if (head !== null) heads.set(session.id, head);
    }
    const fault = toldFault(
      told,
      this.proven(),
      ({ id }) => heads.get(id) ?? null,
      (id) => reached.get(id) ?? null,
      verify,
    );
    if (fault !== null) throw new Error(`${peer} told a state that is not followed: ${fault}`);
    for (const head of heads.values()) await lineage.put(head);
    this.refreshedAtMs = now();
    const current = told.session === null ? undefined : heads.get(told.session.id);
    const isNew = told.session?.parent !== control.state.session?.parent;
    control.follow(told, isNew && current !== undefined ? current : null);
  }

  private proven(): Proven {
    const { swarm, formation } = this.init;
    return { swarm, formation, committee: this.committee, committees: this.committees };
  }

  /** The certificate of a told head: the one that is here, if it is that, or else the peer's. */
  private async headOf(peer: string, { id, height, parent }: SessionState): Promise<Certificate | null> {
    const { lineage, rpc } = this.init;
    const here = await lineage.get(id, height);
    if (here !== null && decisionDigest(here.decision) === parent) return here;
    const request = { v: 1 as const, session: id, to: height };
    const { certificates } = await rpc.call(peer, lineageMethod, request, { timeoutMs: CALL_MS });
    const [first] = certificates;
    if (first === undefined) return null;
    const there = decodeCertificate(first);
    // A leader can have announced a version and lost its office before it was committed; the later term's counts.
    if (here !== null && there.decision.term <= here.decision.term)
      throw new Error(`${peer} names another version at height ${height} of ${id}, of no later term`);
    return there;
  }

  /** Proves the committees up to `seq`, from what is stored here and then from the peer. */
  private async provenUpTo(peer: string, seq: number): Promise<void> {
    const { lineage, rpc } = this.init;
    for (let rounds = 0; this.committee.seq < seq && rounds < HANDOVERS_MAX; rounds++) {
      const stored = await lineage.committee(this.committee.seq + 1);
      if (stored !== null && this.faultOf(stored) === null) {
        this.handedOver(committeeAfterStep(stored));
        continue;
      }
      const request = { v: 1 as const, from: this.committee.seq + 1 };
      const page = await rpc.call(peer, committeesMethod, request, { timeoutMs: CALL_MS });
      if (page.certificates.length === 0)
        throw new Error(`${peer} withholds how committee ${seq} came to be`);
      for (const step of page.certificates.map(decodeCommitteeStep)) {
        const fault = this.faultOf(step);
        if (fault !== null) throw new Error(`${peer} sent a handover that does not follow: ${fault}`);
        if (isRecovery(step)) await lineage.putRecovery(step);
        else await lineage.putCommittee(step);
        this.handedOver(committeeAfterStep(step));
      }
    }
  }

  /**
   * A recovery by force needs the operator's word, which is given for the last one and names the earlier ones by digest.
   * A forged earlier one gets no further than to the last, which does not follow from it.
   */
  private faultOf(step: CommitteeStep): string | null {
    const { recovery, verify } = this.init;
    const fault = stepFault(step, this.committee, verify);
    if (fault !== null || !isRecovery(step)) return fault;
    const { count } = step.decision;
    const accepted =
      recovery !== null &&
      (count < recovery.decision.count ||
        recoveryDigest(step.decision) === recoveryDigest(recovery.decision));
    return accepted ? null : `recovery ${count} is not accepted here (consensus.accept_recovery)`;
  }

  private handedOver(committee: Committee): void {
    this.committee = committee;
    this.committees.add(committee.voters.join());
  }

  /** A leader counts this node among its learners, and its log has caught up with what was followed. */
  private hasPlace(): boolean {
    const { raft, control } = this.init;
    return raft.status().leader !== null && coversProven(control.logged, control.state);
  }

  private end(): void {
    this.init.logger.info({}, "this node has a place in the configuration: its own log goes on from here");
    this.stop();
    this.init.control.follow(null);
  }
}
