/** The driver around the core: owns the clock, the disk, the network and the applier, and carries out each `Ready`. */
import { ConsensusError } from "../errors.js";
import { confChange, isDone } from "../raft/configuration.js";
import { type Proposed, RaftCore } from "../raft/core.js";
import { decodeMessage, encodeMessage } from "../raft/messages.js";
import { isJoint } from "../raft/quorum.js";
import type { Ready } from "../raft/ready.js";
import { Applying } from "./applying.js";
import { Barriers } from "./barriers.js";
import { Circle } from "./circle.js";
import { Inbox } from "./inbox.js";
import { Listeners } from "./listeners.js";
import { type RaftNodeOptions, raftNodeOptions } from "./options.js";
import { Published } from "./published.js";
import { Ticker } from "./ticker.js";
import type { MembershipChange, QueueSizes, RaftNodeInit, RaftStatus } from "./types.js";
import { type Committed, Waiting } from "./waiting.js";

const DEFAULT_TIMEOUT_MS = 10_000;

export class RaftNode {
  private readonly inbox: Inbox;
  private readonly waiting: Waiting;
  private readonly applying: Applying;
  private readonly circle: Circle;
  private readonly ticker: Ticker;
  private readonly published: Published;
  private readonly barriers: Barriers;
  private readonly changes: Listeners<void>;
  private readonly fatals: Listeners<Error>;
  private strangers = 0;
  private started = false;
  private scheduled = false;
  private turn: Promise<void> = Promise.resolve();
  /** The writes that were asked for, one after another. */
  private writes: Promise<void> = Promise.resolve();
  private writesUnderWay = 0;
  private ticksWithoutWrite = 0;
  /** The term in which this node took proposals, to know when that is over. */
  private ledTerm: number | null = null;
  private stopped: ConsensusError | null = null;

  private constructor(
    private readonly init: RaftNodeInit,
    private readonly options: RaftNodeOptions,
    private readonly core: RaftCore,
  ) {
    const { applier, storage, logger } = init;
    this.inbox = new Inbox(options.maxInboxMessages, options.maxInboxBytes);
    this.waiting = new Waiting(options.maxWaiting);
    this.published = new Published(core);
    this.barriers = new Barriers(core, options.maxWaiting, options.electionTicks);
    this.changes = new Listeners(logger);
    this.fatals = new Listeners(logger);
    this.circle = new Circle(core, options.electionTicks);
    this.ticker = new Ticker(options.tickMs, logger, () => this.tick());
    this.applying = new Applying({
      core,
      applier,
      storage,
      logger,
      options,
      waiting: this.waiting,
      onProgress: () => this.progressed(),
      onFault: (error) => this.fail(error, "the applier failed"),
    });
  }

  /**
   * Loads what is stored and replays what is known to be committed; takes no part in anything before `start`.
   * @throws ConsensusError `CONFIG_INVALID`, `STORAGE_CORRUPT`; and whatever the applier throws
   */
  static async open(init: RaftNodeInit): Promise<RaftNode> {
    const options = raftNodeOptions(init.options);
    const stored = await init.storage.initialState();
    const core = new RaftCore({ id: init.id, stored, options, random: init.random ?? Math.random });
    init.onCore?.(core);
    const node = new RaftNode(init, options, core);
    if (stored.snapshot !== null) node.applying.restore(stored.snapshot);
    await node.replay();
    return node;
  }

  start(): void {
    if (this.stopped !== null) throw this.stopped;
    if (this.started) return;
    this.started = true;
    this.ticker.start();
    // Nobody else could object to it.
    const { voters } = this.core.configuration;
    if (voters.length === 1 && voters[0] === this.init.id) this.core.campaign();
    this.kick();
  }

  /** Resolves when nothing of this node is under way. The storage stays open: it is the caller's. */
  async stop(): Promise<void> {
    this.halt(new ConsensusError("STOPPED", "this Raft node was stopped"));
    await this.turn;
    await this.writes;
    await this.applying.stop();
  }

  /**
   * Takes a message that the transport has authenticated as `from`'s. It is processed later; a full inbox drops the
   * oldest. What comes from outside the circle (see `circle.ts`) is dropped unread.
   * @throws ConsensusError `MESSAGE_MALFORMED`: whoever sends that is not to be talked to
   */
  receive(from: string, bytes: Uint8Array): void {
    if (!this.circle.admits(from)) {
      this.strangers++;
      return;
    }
    const message = decodeMessage(bytes);
    if (message.from !== from || message.to !== this.init.id) {
      throw new ConsensusError(
        "MESSAGE_MALFORMED",
        `raft message from ${message.from} to ${message.to} was sent by ${from} to ${this.init.id}`,
        { from, claimed: message.from, to: message.to },
      );
    }
    if (this.stopped !== null) return;
    if (!this.circle.believes(message.term)) {
      const facts = { peer: from, term: message.term, ownTerm: this.core.term };
      this.init.logger.warn(facts, "a message was dropped: no election gets to such a term");
      return;
    }
    this.inbox.push(message, bytes.length);
    this.kick();
  }

  /**
   * Listens to this peer for a while although no configuration that this node knows names it. For the leader that has
   * admitted a newcomer, and for whom a member names to a node that has lost touch.
   */
  introduce(peer: string): void {
    this.circle.introduce(peer);
  }

  /** Messages that were dropped because this node does not know their senders as members. */
  get strangersHeard(): number {
    return this.strangers;
  }

  /**
   * Resolves once the entry is applied here, with what the applier answered.
   * @throws ConsensusError `NOT_LEADER` (`facts.leader`), `TOO_LARGE`, `OVERLOADED`, `STOPPED`; `PROPOSAL_DROPPED` and
   *   `TIMEOUT` unless `facts.committed` is "no" leave open whether it commits
   */
  async propose(data: Uint8Array, timeoutMs = DEFAULT_TIMEOUT_MS): Promise<Committed> {
    return this.await(() => this.core.propose(data), timeoutMs);
  }

  /**
   * Resolves once the change is applied here, as a whole; at once when there is nothing to change. Several changes are
   * made together, through a joint configuration. A leader that is removed hands over as soon as the others know, and
   * should run until then.
   * @throws ConsensusError as `propose`, and `MEMBERSHIP_PENDING`, `CONFIG_INVALID`
   */
  async changeMembership(
    change: MembershipChange | readonly MembershipChange[],
    timeoutMs = DEFAULT_TIMEOUT_MS,
  ): Promise<void> {
    const wanted = confChange(change);
    const { configuration } = this.core;
    const { role, pendingConfig } = this.core.status();
    const settled = role === "leader" && !pendingConfig && !isJoint(configuration);
    if (settled && wanted.changes.every((one) => isDone(configuration, one))) return;
    await this.await(() => this.core.proposeConfChange(wanted), timeoutMs);
    await this.until(() => !isJoint(this.core.configuration), timeoutMs);
    if (!isJoint(this.core.configuration)) return;
    throw new ConsensusError(
      "TIMEOUT",
      `the change of members has begun but was not over within ${timeoutMs} ms; whoever leads will end it`,
      { timeoutMs, committed: "unknown" },
    );
  }

  /**
   * Resolves once this node has applied everything that was committed anywhere when this was called: what is read from
   * its state then is linearizable. Works on every member; costs a round of heartbeats of the leader, no log entry.
   * @throws ConsensusError `NOT_LEADER` when no leader is known or it changed meanwhile, `OVERLOADED`, `TIMEOUT`, `STOPPED`
   */
  async readBarrier(timeoutMs = DEFAULT_TIMEOUT_MS): Promise<void> {
    if (this.stopped !== null) throw this.stopped;
    const answer = this.barriers.index(timeoutMs);
    this.kick();
    await this.waitApplied(await answer, timeoutMs);
  }

  /**
   * Hands the leadership to `to`, or to the voter that is furthest.
   * @returns whether another node leads now; false when there is nobody, or the target did not take it in time
   * @throws ConsensusError `NOT_LEADER`, `CONFIG_INVALID`, `STOPPED`
   */
  async transferLeadership(to?: string, timeoutMs = DEFAULT_TIMEOUT_MS): Promise<boolean> {
    if (this.stopped !== null) throw this.stopped;
    const target = to ?? this.core.successor();
    if (target === null && this.core.role === "leader") return false;
    this.core.transferLeadership(target ?? this.init.id);
    this.kick();
    await this.until(() => this.transferOver(), timeoutMs);
    const { leader } = this.published.status();
    return leader !== null && leader !== this.init.id;
  }

  /** Asks the others to vote for this node, unless it leads or may not. */
  campaign(): void {
    this.core.campaign();
    this.kick();
  }

  /**
   * No longer hears the leader of `term`, as if the network lost its messages, until another one leads or eight election
   * timeouts have passed. Where a majority does so, another is elected; one node alone stands aside for that time.
   */
  abandonLeader(term: number): void {
    this.core.abandonLeader(term);
  }

  status(): RaftStatus {
    return this.published.status();
  }

  queues(): QueueSizes {
    return {
      inboxMessages: this.inbox.size,
      waiting: this.waiting.size,
      readers: this.barriers.size,
      unstoredReadys: this.writesUnderWay,
    };
  }

  /** Called after a Ready in which role, term, leader, configuration or applied index changed. @returns unsubscribe */
  onChange(listener: () => void): () => void {
    return this.changes.add(listener);
  }

  /** Called once when storage or applier failed; the node has stopped itself. @returns unsubscribe */
  onFatal(listener: (error: Error) => void): () => void {
    return this.fatals.add(listener);
  }

  /** @throws ConsensusError `TIMEOUT`, `STOPPED`, `OVERLOADED` */
  async waitApplied(index: number, timeoutMs: number): Promise<void> {
    if (this.core.log.appliedIndex >= index) return;
    if (this.stopped !== null) throw this.stopped;
    this.waiting.assertRoom();
    await this.waiting.forIndex(index, timeoutMs);
  }

  private async await(propose: () => Proposed, timeoutMs: number): Promise<Committed> {
    if (this.stopped !== null) throw this.stopped;
    this.waiting.assertRoom();
    this.noteLeadership();
    const { index, term } = propose();
    this.kick();
    return this.waiting.forProposal(index, term, timeoutMs);
  }

  private async until(condition: () => boolean, timeoutMs: number): Promise<void> {
    if (condition()) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        off();
        resolve();
      };
      const timer = setTimeout(done, timeoutMs);
      const off = this.changes.add(() => condition() && done());
    });
  }

  private transferOver(): boolean {
    const { role, leader } = this.published.status();
    if (this.stopped !== null) return true;
    if (role === "leader") return this.core.role === "leader" && this.core.status().transferTarget === null;
    return leader !== null && leader !== this.init.id;
  }

  private async replay(): Promise<void> {
    while (this.core.hasReady() && this.stopped === null) {
      this.process(this.core.ready());
      await this.writes;
      await this.applying.idle();
    }
    if (this.stopped !== null) throw this.stopped.cause ?? this.stopped;
  }

  /** A node that cannot finish a write does not get older: beyond two election timeouts it neither leads nor campaigns. */
  private tick(): void {
    this.circle.tick();
    this.barriers.tick();
    if (this.writesUnderWay > 0 && ++this.ticksWithoutWrite > 2 * this.options.electionTicks) return;
    this.core.tick();
    this.kick();
  }

  /** Each turn in its own turn of the event loop: calls made together share one write. */
  private kick(): void {
    if (!this.started || this.scheduled || this.stopped !== null) return;
    if (this.inbox.size === 0 && !this.barriers.waiting && !this.core.hasReady()) return;
    this.scheduled = true;
    this.turn = new Promise((resolve) => setImmediate(resolve)).then(() => this.takeTurn());
  }

  private takeTurn(): void {
    try {
      if (this.stopped === null) this.drainInbox();
      this.noteLeadership();
      if (this.stopped === null) this.barriers.ask();
      if (this.stopped === null && this.core.hasReady()) this.process(this.core.ready());
    } catch (error) {
      this.fail(error, "the log could not be written or does not fit the swarm's");
    }
    this.scheduled = false;
    this.kick();
  }

  private drainInbox(): void {
    for (let message = this.inbox.take(); message !== undefined; message = this.inbox.take()) {
      this.core.step(message);
    }
    if (this.inbox.dropped === 0) return;
    this.init.logger.warn(
      { messages: this.inbox.dropped },
      "inbox was full, the oldest messages were dropped",
    );
    this.inbox.dropped = 0;
  }

  /** By the rules that are written on `Ready`. */
  private process(ready: Ready): void {
    this.send(ready.messages);
    this.barriers.answered(ready.readStates);
    this.applying.push({ snapshot: null, entries: ready.committedEntries });
    const { hardState, entries, snapshot } = ready;
    const writes = hardState !== null || entries.length > 0 || snapshot !== null;
    const written = writes ? this.init.storage.save(ready) : undefined;
    // Its failure is dealt with in its turn.
    written?.catch(() => undefined);
    this.writesUnderWay++;
    this.writes = this.writes
      .then(() => written)
      .then(() => this.stored(ready))
      .catch((error) => this.fail(error, "the log could not be written or does not fit the swarm's"));
  }

  private stored(ready: Ready): void {
    this.writesUnderWay--;
    this.ticksWithoutWrite = 0;
    if (this.stopped !== null) return;
    this.send(ready.messagesAfterWrite);
    this.core.stored(ready);
    this.published.stored(ready);
    this.noteLeadership();
    if (ready.snapshot !== null) this.applying.push({ snapshot: ready.snapshot, entries: [] });
    this.progressed();
  }

  private send(messages: Ready["messages"]): void {
    for (const message of messages) this.init.transport.send(message.to, encodeMessage(message));
  }

  private progressed(): void {
    this.kick();
    if (this.published.changed()) this.changes.tell();
  }

  private noteLeadership(): void {
    const term = this.core.role === "leader" ? this.core.term : null;
    if (this.ledTerm !== null && term !== this.ledTerm) this.waiting.lostLeadership(this.core.leader);
    this.ledTerm = term;
  }

  private fail(error: unknown, what: string): void {
    if (this.stopped !== null) return;
    const cause = error instanceof Error ? error : new Error(String(error));
    const stopped = new ConsensusError("STOPPED", `this Raft node has stopped: ${what}: ${cause.message}`);
    stopped.cause = cause;
    this.halt(stopped);
    this.init.logger.error({ err: cause }, stopped.message);
    this.fatals.tell(cause);
  }

  private halt(reason: ConsensusError): void {
    if (this.stopped !== null) return;
    this.stopped = reason;
    this.ticker.stop();
    this.inbox.clear();
    this.waiting.rejectAll(reason);
    this.barriers.rejectAll(reason);
    this.published.stopped();
    this.changes.tell();
  }
}
