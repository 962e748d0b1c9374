/**
 * Drives the round core on one node: puts its parts together, and tells it of every committed change, heartbeat,
 * manifest and tick. Its effects become work for the trainer, the aggregation worker, gossip, the voters and the log.
 */
import { isActive } from "../../consensus/control/index.js";
import { MAX_UPDATES_PER_DECISION, REJECT_REASON_CHARS_MAX } from "../../consensus/votes/index.js";
import type { SignedManifest, VerifiedUpdate } from "../../protocol/index.js";
import type { Hash } from "../../protocol/types.js";
import {
  type AnnouncedUpdate,
  type RoundContext,
  RoundCore,
  type RoundEffect,
  type RoundProposal,
  type Verdict,
} from "../../training/round/index.js";
import type { SessionSpec } from "../../training/session.js";
import type { ControlChange } from "../swarm/control_log.js";
import { isMember } from "../swarm/members.js";
import { CandidateFigures } from "./candidate_figures.js";
import { contextOf, SpecCache } from "./context.js";
import { Contributor } from "./contributor.js";
import type { RoundDeps } from "./deps.js";
import { Effects } from "./effects.js";
import { Evaluator } from "./evaluator.js";
import { UpdateInbox } from "./inbox.js";
import { Judging } from "./judging.js";
import { Leader } from "./leader.js";
import { LeaderWatch } from "./leader_watch.js";
import { participantsOf } from "./peers.js";
import { ProgressReports } from "./progress.js";
import { Recompute } from "./recompute.js";
import { RoundBlobs } from "./round_blobs.js";
import { ableOf, roleOf, Standing } from "./standing.js";
import type { ProgressMessage, UpdateMessage } from "./trainer_port.js";
import { Unreadable } from "./unreadable.js";
import { UpdateDoor } from "./update_door.js";
import { VersionVotes } from "./version_votes.js";
import type { VoteAnswer, VoteRequest } from "./vote_answer.js";
import { Voter } from "./voter.js";

/** The round core hears of the time this often. */
const TICK_MS = 100;

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
  private readonly leader: Leader;
  private readonly unreadable: Unreadable;
  private readonly contributor: Contributor;
  private readonly judging = new Judging();
  /** This node's votes on the proposals of the open round. */
  readonly versionVotes: VersionVotes;
  private readonly watch: LeaderWatch;
  private readonly standing: Standing;
  private readonly reports: ProgressReports;
  private readonly effects: Effects;
  private openKey: string | null = null;
  private openedAtMs: number | null = null;
  private timer: NodeJS.Timeout | null = null;
  private off: (() => void)[] = [];

  constructor(private readonly deps: RoundDeps) {
    const { identity, control, raft, votes } = deps;
    const run = (effects: readonly RoundEffect[]) => this.run(effects);
    this.core = new RoundCore(roleOf(deps), DECISION_LIMITS);
    const { approval, approvalTimeoutMs: timeoutMs, now } = deps;
    this.versionVotes = new VersionVotes({ approval, timeoutMs }, now);
    this.watch = new LeaderWatch({
      ...deps,
      self: identity.peerId,
      replaced: () => deps.metrics.consensus.leadersReplaced.inc(),
    });
    const figures = new CandidateFigures({ ...deps, spec: () => this.spec() });
    this.voter = new Voter({
      identity,
      votes,
      versionVotes: this.versionVotes,
      control,
      raft,
      judge: (p) => this.judge(p),
      cast: (result, on) => {
        deps.metrics.consensus.votes.inc({ result });
        if (on === null) return;
        const { decision, from: proposer, reason } = on;
        const vote = result === "approved" ? "approve" : "reject";
        deps.voted?.({ decision, voter: identity.peerId, vote, reason, proposer });
      },
      distrust: (leader) => this.watch.distrust(leader),
      proposalRefused: (leader, decision, reason) => this.watch.proposalRefused(leader, decision, reason),
      awaiting: (vote) => {
        const { session, round, height, result } = vote.decision;
        const facts = { session, round, height, version: result.hash };
        deps.logger.info(facts, "a version waits for the vote of this node's operator");
        void figures.of(vote.decision).then((f) => f && this.versionVotes.figured(vote, f));
      },
      now,
    });
    this.door = new UpdateDoor({
      ...deps,
      core: this.core,
      inbox: this.inbox,
      roundBlobs: this.roundBlobs,
      run,
    });
    this.evaluator = new Evaluator(deps);
    this.standing = new Standing({ ...deps, core: this.core, run });
    this.reports = new ProgressReports({ ...deps, core: this.core, evaluator: this.evaluator, run });
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
      watch: this.watch,
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
    this.effects = new Effects({
      ...deps,
      core: this.core,
      contributor: this.contributor,
      leader: this.leader,
      recompute: new Recompute({ ...deps, roundBlobs: this.roundBlobs }),
      judging: this.judging,
      spec: () => this.spec(),
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
    return this.reports.lossOf(peer);
  }

  start(): void {
    const { control, raft, gossip } = this.deps;
    this.off = [
      control.onChange((change) => this.changed(change)),
      raft.onChange(() => this.standing.roleChanged()),
      gossip.on("update", (message) => this.door.heard(message)),
      gossip.on("progress", (message, from) => this.reports.heard(message, from)),
    ];
    this.standing.roleChanged();
    this.changed({ before: control.state, after: control.state, version: null });
    this.timer = setInterval(() => this.tick(), TICK_MS);
  }

  stop(): void {
    if (this.timer) clearInterval(this.timer);
    for (const off of this.off) off();
    this.leader.stop();
    this.run(this.core.opened(null, this.deps.now()));
    this.judging.stop();
    this.versionVotes.stop();
  }

  /** The trainer became ready, or is not any more. */
  trainerChanged(): void {
    this.standing.ableChanged();
  }

  trainerUpdated(message: UpdateMessage): void {
    void this.contributor.finished(message);
  }

  trainerProgressed(message: ProgressMessage): void {
    this.reports.trainerProgressed(message);
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
  private judge(proposal: RoundProposal): Promise<Verdict> {
    return this.judging.ask((id) => this.run(this.core.proposed(id, proposal, this.deps.now())));
  }

  private changed({ after, version }: Pick<ControlChange, "after" | "version"> & { before: unknown }): void {
    const { session } = after;
    const { spec } = session ? this.specs.get(session) : { spec: null };
    if (version) this.watch.versionCommitted();
    if (version) this.deps.versions.committed(version.decision.result);
    else if (session?.version) this.deps.versions.ensure(session.version).catch(() => undefined);
    // From outside the configuration nobody contributes: it holds and serves the versions.
    const member = isMember(after, this.deps.identity.peerId);
    const wanted = member && session !== null && spec !== null && this.isWanted(session.status, spec.nodes);
    this.deps.trainer?.want(wanted ? { session: session.id, spec } : null);
    this.standing.roleChanged();
    const context = member ? contextOf(session, spec) : null;
    const key = context && `${context.session}/${context.round}`;
    if (session && spec) this.evaluator.changed(session, spec);
    if (key !== this.openKey) {
      this.openKey = key;
      this.open(context);
    }
    this.standing.ableChanged();
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
    // A trainer that is left to a paused session goes on with what it has learned of it, and holds its memory.
    const active = ["initializing", "running", "paused", "finishing"].includes(status);
    return active && (nodes === null || nodes.includes(this.deps.identity.peerId));
  }

  private spec(): SessionSpec | null {
    const { session } = this.deps.control.state;
    return session ? this.specs.get(session).spec : null;
  }

  private participants(): string[] {
    const { state } = this.deps.control;
    return participantsOf(state, this.spec(), ableOf(this.deps));
  }

  private tick(): void {
    this.standing.ableChanged();
    this.standing.gaveUpChanged();
    this.run(this.core.tick(this.deps.now()));
    this.leader.tick();
    this.voter.tick();
    this.watch.tick(this.leader.isFailing);
    this.unreadable.tick(this.deps.control.state.session, this.fault());
  }

  private run(effects: readonly RoundEffect[]): void {
    this.effects.run(effects);
  }
}
