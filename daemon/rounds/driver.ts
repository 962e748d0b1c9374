/**
 * Carries out what the round core decides. The core is told of every committed change, heartbeat, manifest and tick;
 * its effects become work for the trainer, the aggregation worker, gossip, the voters and the log.
 */
import { isActive } from "../../consensus/control/index.js";
import { MAX_UPDATES_PER_DECISION, REJECT_REASON_CHARS_MAX } from "../../consensus/votes/index.js";
import type {
  ProgressMessage as ProgressGossip,
  SignedManifest,
  VerifiedUpdate,
} from "../../protocol/index.js";
import type { BlobRef, Hash } from "../../protocol/types.js";
import {
  type AnnouncedUpdate,
  type RoundContext,
  RoundCore,
  type RoundEffect,
  type RoundProposal,
} from "../../training/round/index.js";
import type { SessionSpec } from "../../training/session.js";
import type { ControlChange } from "../swarm/control_log.js";
import { contextOf, SpecCache } from "./context.js";
import { Contributor } from "./contributor.js";
import type { RoundDeps } from "./deps.js";
import { Evaluator } from "./evaluator.js";
import { UpdateInbox } from "./inbox.js";
import { Leader } from "./leader.js";
import { Losses } from "./losses.js";
import { isMember, participantsOf } from "./peers.js";
import { Recompute } from "./recompute.js";
import { RoundBlobs } from "./round_blobs.js";
import type { ProgressMessage, UpdateMessage } from "./trainer_port.js";
import { Unreadable } from "./unreadable.js";
import { UpdateDoor } from "./update_door.js";
import { type VoteAnswer, type VoteRequest, Voter } from "./voter.js";

/** The round core hears of the time this often. */
const TICK_MS = 100;
/**
 * The others are told of progress at most this often, which is little to verify for them, and at once when this node
 * has done its share of the round: on that they close it.
 */
const PROGRESS_MS = 800;
/** A voter that cannot judge in this time (payloads missing, recomputation slow) says so. */
const JUDGE_MS = 30_000;

const DECISION_LIMITS = {
  updatesMax: MAX_UPDATES_PER_DECISION,
  reasonCharsMax: REJECT_REASON_CHARS_MAX,
};

export class RoundDriver {
  readonly voter: Voter;
  readonly evaluator: Evaluator;
  private readonly core: RoundCore;
  private readonly specs = new SpecCache();
  private readonly inbox = new UpdateInbox();
  private readonly roundBlobs = new RoundBlobs();
  private readonly door: UpdateDoor;
  private readonly recompute: Recompute;
  private readonly leader: Leader;
  private readonly unreadable: Unreadable;
  private readonly contributor: Contributor;
  private readonly losses = new Losses();
  private readonly judging = new Map<number, (refusal: string | null) => void>();
  private nextQuestion = 1;
  private toldAtMs = Number.NEGATIVE_INFINITY;
  private openKey: string | null = null;
  private openedAtMs: number | null = null;
  private roleKey = "";
  private ableKey = "";
  private gaveUpKey = "";
  private timer: NodeJS.Timeout | null = null;
  private off: (() => void)[] = [];

  constructor(private readonly deps: RoundDeps) {
    const { identity, control, raft, votes } = deps;
    this.core = new RoundCore(this.role(), DECISION_LIMITS);
    this.voter = new Voter({
      identity,
      votes,
      control,
      raft,
      judge: (p) => this.judge(p),
      cast: (result) => deps.metrics.consensus.votes.inc({ result }),
    });
    this.door = new UpdateDoor({
      ...deps,
      core: this.core,
      inbox: this.inbox,
      roundBlobs: this.roundBlobs,
      run: (effects) => this.run(effects),
    });
    this.recompute = new Recompute({ ...deps, roundBlobs: this.roundBlobs });
    this.evaluator = new Evaluator(deps);
    this.contributor = new Contributor({
      ...deps,
      inbox: this.inbox,
      roundBlobs: this.roundBlobs,
      open: () => this.core.open,
      spec: () => this.spec(),
      settled: () => this.evaluator.settled(),
      trained: (update) => this.run(this.core.trained(update, deps.now())),
      lost: (session, round) => this.run(this.core.trainingFailed(session, round, deps.now())),
    });
    this.leader = new Leader({
      ...deps,
      voter: this.voter,
      evaluator: this.evaluator,
      signedOf: (update) => this.signedOf(update),
      participants: () => this.participants(),
      preparing: () => deps.presence.preparing(control.state.session?.id ?? ""),
      refused: (reason, refusals) => this.run(this.core.refused(reason, refusals, deps.now())),
    });
    this.unreadable = new Unreadable({
      ...deps,
      self: identity.peerId,
      giveUp: (session, reason) => this.leader.giveUp(session, reason),
    });
  }

  /** The open round and what each participant is known to have done in it. */
  progress(): { round: RoundContext | null; stepsOf: (peer: string) => number } {
    return { round: this.core.open, stepsOf: (peer) => this.core.stepsOf(peer) };
  }

  /** Why this node cannot take part in the current session: its spec cannot be read here. Null when it can. */
  fault(): string | null {
    const { session } = this.deps.control.state;
    return isActive(session) ? this.specs.get(session).fault : null;
  }

  /** Whether this node's training failed in the open round. */
  get hasGivenUp(): boolean {
    return this.core.hasGivenUp;
  }

  /** Mean training loss that a node last told, in nats. */
  lossOf(peer: string): number | null {
    return this.losses.of(this.deps.control.state.session?.id ?? null, peer);
  }

  start(): void {
    const { control, raft, gossip } = this.deps;
    this.off = [
      control.onChange((change) => this.changed(change)),
      raft.onChange(() => this.roleChanged()),
      gossip.on("update", (message) => this.door.heard(message)),
      gossip.on("progress", (message, from) => this.heardProgress(message, from)),
    ];
    this.roleChanged();
    this.changed({ before: control.state, after: control.state, version: null });
    this.timer = setInterval(() => this.tick(), TICK_MS);
  }

  stop(): void {
    if (this.timer) clearInterval(this.timer);
    for (const off of this.off) off();
    this.leader.stop();
    this.run(this.core.opened(null, this.deps.now()));
    for (const answer of this.judging.values()) answer("this node is stopping");
  }

  /** The trainer became ready, or is not any more. */
  trainerChanged(): void {
    this.ableChanged();
  }

  trainerUpdated(message: UpdateMessage): void {
    void this.contributor.finished(message);
  }

  trainerProgressed({ session, round, steps, samples, lossNats, samplesPerSecond }: ProgressMessage): void {
    const { gossip, identity, now } = this.deps;
    const message = { session, round, steps, samples, lossNats, samplesPerSecond };
    const progress = { v: 1 as const, kind: "progress" as const, ...message };
    const { open } = this.core;
    const isShare = open?.session === session && open.round === round && steps === open.shareSteps;
    if (isShare || now() - this.toldAtMs >= PROGRESS_MS) {
      this.toldAtMs = now();
      gossip.publish("progress", progress).catch(() => undefined);
    }
    this.losses.heard(identity.peerId, progress);
    this.run(this.core.progress(identity.peerId, session, round, steps, now()));
  }

  trainerLost(session: string, round: number, reason: string): void {
    this.deps.logger.warn({ session, round, reason }, "this node's part of the round is lost");
    this.run(this.core.trainingFailed(session, round, this.deps.now()));
  }

  /** Whether the open round needs a blob. */
  needs(hash: Hash): boolean {
    return this.roundBlobs.needs(hash);
  }

  /** See `UpdateDoor.fits`. */
  fits(message: VerifiedUpdate): boolean {
    return this.door.fits(message);
  }

  /** Answers a leader's question. What its manifests alone tell this node is kept: it may be the next leader. */
  vote(question: VoteRequest, from: string): Promise<VoteAnswer> {
    const updates = question.manifests.map((signed) => this.door.shown(signed));
    return this.voter.answer({ decision: question.decision, index: question.index, updates }, from);
  }

  /** The signed manifest behind an update of the open round, for whoever must show it. */
  signedOf(update: Pick<AnnouncedUpdate, "peer" | "manifest">): SignedManifest | undefined {
    return this.inbox.signedOf(update);
  }

  /** A voter's own result for the leader's proposal. */
  private judge(proposal: RoundProposal): Promise<string | null> {
    const id = this.nextQuestion++;
    return new Promise((resolve) => {
      const timer = setTimeout(() => answer("this node could not recompute it in time"), JUDGE_MS);
      const answer = (refusal: string | null): void => {
        clearTimeout(timer);
        this.judging.delete(id);
        resolve(refusal);
      };
      this.judging.set(id, answer);
      this.run(this.core.proposed(id, proposal, this.deps.now()));
    });
  }

  private changed({ after, version }: Pick<ControlChange, "after" | "version"> & { before: unknown }): void {
    const { session } = after;
    const { spec } = session ? this.specs.get(session) : { spec: null };
    if (version) this.deps.versions.committed(version.decision.result);
    else if (session?.version) this.deps.versions.ensure(session.version).catch(() => undefined);
    const wanted = session !== null && spec !== null && this.isWanted(session.status, spec.nodes);
    this.deps.trainer?.want(wanted ? { session: session.id, spec } : null);
    this.roleChanged();
    const context = contextOf(session, spec);
    const key = context && `${context.session}/${context.round}`;
    if (session && spec) this.evaluator.changed(session, spec);
    if (key !== this.openKey) {
      this.openKey = key;
      this.open(context);
    }
    this.ableChanged();
  }

  private open(context: RoundContext | null): void {
    const { metrics, now } = this.deps;
    if (this.openedAtMs !== null) metrics.rounds.duration.observe((now() - this.openedAtMs) / 1000);
    this.openedAtMs = context === null ? null : now();
    if (context === null) this.roundBlobs.closed();
    else this.roundBlobs.opened(context.session, context.round);
    this.run(this.core.opened(context, now()));
    if (context === null) return;
    this.door.opened(context.session, context.round);
  }

  private isWanted(status: string, nodes: readonly string[] | null): boolean {
    const active = status === "initializing" || status === "running" || status === "finishing";
    return active && (nodes === null || nodes.includes(this.deps.identity.peerId));
  }

  private spec(): SessionSpec | null {
    const { session } = this.deps.control.state;
    return session ? this.specs.get(session).spec : null;
  }

  private role() {
    const { raft, control, identity } = this.deps;
    const { role, term } = raft.status();
    const self = identity.peerId;
    return { self, leader: role === "leader", voter: control.state.committee.voters.includes(self), term };
  }

  private roleChanged(): void {
    const role = this.role();
    const key = `${role.leader}/${role.voter}/${role.term}`;
    if (key === this.roleKey) return;
    this.roleKey = key;
    this.run(this.core.roleChanged(role, this.deps.now()));
  }

  private able(): Set<string> {
    const { presence, control, trainer, identity } = this.deps;
    const session = control.state.session?.id;
    const able = session === undefined ? new Set<string>() : presence.able(session);
    if (trainer?.canTrain && trainer.session === session) able.add(identity.peerId);
    else able.delete(identity.peerId);
    return able;
  }

  private ableChanged(): void {
    const able = this.able();
    const key = [...able].sort().join();
    if (key === this.ableKey) return;
    this.ableKey = key;
    this.run(this.core.ableChanged(able, this.deps.now()));
  }

  private gaveUpChanged(): void {
    const { open } = this.core;
    const peers = open === null ? new Set<string>() : this.deps.presence.gaveUp(open.session, open.round);
    const key = open === null || peers.size === 0 ? "" : `${open.session}/${open.round}/${[...peers].sort()}`;
    if (key === this.gaveUpKey) return;
    this.gaveUpKey = key;
    if (open) this.run(this.core.gaveUpChanged(open.session, open.round, peers, this.deps.now()));
  }

  private participants(): string[] {
    const { state } = this.deps.control;
    return participantsOf(state, this.spec(), this.able());
  }

  private tick(): void {
    this.ableChanged();
    this.gaveUpChanged();
    this.run(this.core.tick(this.deps.now()));
    this.leader.tick();
    this.unreadable.tick(this.deps.control.state.session, this.fault());
  }

  private heardProgress(message: ProgressGossip, from: string): void {
    const { state } = this.deps.control;
    if (message.session !== state.session?.id || !isMember(state, from)) return;
    if (message.kind === "evaluation") {
      this.evaluator.heard(message.session, from, message);
      return;
    }
    this.losses.heard(from, message);
    this.run(this.core.progress(from, message.session, message.round, message.steps, this.deps.now()));
  }

  private run(effects: readonly RoundEffect[]): void {
    for (const effect of effects) this.perform(effect);
  }

  private perform(effect: RoundEffect): void {
    switch (effect.kind) {
      case "train":
        void this.contributor.train(effect.context, effect.lane);
        return;
      case "finish":
        this.deps.trainer?.finish(effect.session, effect.round);
        return;
      case "abort":
        this.deps.trainer?.abort(effect.session, effect.round);
        return;
      case "announce":
        void this.contributor.announce(effect.update, effect.first);
        return;
      case "fetch":
        void this.fetch(effect.update);
        return;
      case "aggregate":
        void this.aggregate(effect.key, effect.context, effect.updates);
        return;
      case "propose":
        void this.leader.propose(effect.context, effect.proposal, effect.closedAtMs);
        return;
      case "verdict":
        this.judging.get(effect.id)?.(effect.refusal);
        return;
      case "fail":
        void this.leader.fail(effect.session, effect.round, effect.reason, effect.refusals);
        return;
    }
  }

  private async fetch(update: AnnouncedUpdate): Promise<void> {
    const { hash } = update.payload;
    try {
      await this.recompute.fetch(update);
      this.run(this.core.held(hash, this.deps.now()));
    } catch (error) {
      this.deps.logger.debug({ peer: update.peer, reason: String(error) }, "payload not here yet");
      this.run(this.core.unavailable(hash, this.deps.now()));
    }
  }

  private async aggregate(
    key: string,
    context: RoundContext,
    updates: readonly AnnouncedUpdate[],
  ): Promise<void> {
    const state = this.deps.control.state.session;
    const spec = this.spec();
    try {
      if (!spec || state?.id !== context.session) throw new Error(`session ${context.session} is over`);
      const base: BlobRef | null = context.base === null ? null : state.version;
      const result = await this.recompute.aggregate(spec, context, base, updates);
      this.run(this.core.aggregated(key, result, this.deps.now()));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.deps.logger.warn(
        { session: context.session, round: context.round, reason },
        "recomputation failed",
      );
      const missing = updates.map((u) => u.payload.hash).filter((hash) => !this.deps.blobs.stat(hash));
      this.run(this.core.aggregateFailed(key, reason, missing, this.deps.now()));
    }
  }
}
