/**
 * Who is there: the last heartbeat of every node, and which of them can train right now. Soft state, never agreed on.
 *
 * A heartbeat proves a key and nothing else, and keys cost nothing: only members count. Peers that are connected
 * without being members (yet) are remembered apart, so that nobody pushes out a member; of all others nothing is kept.
 */
import type { Heartbeat } from "../../protocol/index.js";

export interface Seen {
  readonly peer: string;
  readonly heartbeat: Heartbeat;
  /** Monotonic. */
  readonly atMs: number;
  /** The same moment as people's clocks have it. */
  readonly wallMs: number;
}

/** Members remembered; the longest silent is forgotten first. */
const MEMBERS_MAX = 10_000;
/** Connected peers remembered that are no members; the longest silent is forgotten first. */
const GUESTS_MAX = 1000;

export interface PresenceOptions {
  readonly deadAfterMs: number;
  readonly now: () => number;
  readonly isMember: (peer: string) => boolean;
  /** And has passed the handshake. */
  readonly isConnected: (peer: string) => boolean;
}

export class Presence {
  private readonly members = new Map<string, Seen>();
  private readonly guests = new Map<string, Seen>();

  constructor(
    private readonly self: string,
    private readonly options: PresenceOptions,
  ) {}

  heard(peer: string, heartbeat: Heartbeat): void {
    const member = this.isMember(peer);
    if (!member && !this.options.isConnected(peer)) return;
    this.put(member, { peer, heartbeat, atMs: this.options.now(), wallMs: Date.now() });
  }

  /** A node said good-bye, or its last connection closed. */
  gone(peer: string): void {
    const last = this.get(peer);
    if (last) this.put(this.isMember(peer), { ...last, atMs: Number.NEGATIVE_INFINITY });
  }

  get(peer: string): Seen | undefined {
    return this.members.get(peer) ?? this.guests.get(peer);
  }

  isAlive(peer: string): boolean {
    if (peer === this.self) return true;
    const last = this.get(peer);
    return last !== undefined && this.options.now() - last.atMs < this.options.deadAfterMs;
  }

  /** Members, and peers that are connected: those whom it makes sense to ask for something. */
  all(): Seen[] {
    return this.everybody().filter(({ peer }) => this.isMember(peer) || this.options.isConnected(peer));
  }

  /** Alive members, this node among them once it has told of itself. */
  aliveMembers(): Seen[] {
    return this.everybody().filter(({ peer }) => this.isMember(peer) && this.isAlive(peer));
  }

  /** Alive members that have something to train on, whatever their trainer is doing. */
  trainers(): Set<string> {
    return peersOf(this.aliveMembers().filter(({ heartbeat }) => heartbeat.backend !== null));
  }

  /** Alive members whose trainer is ready for this session. */
  able(session: string): Set<string> {
    return peersOf(this.aliveMembers().filter((seen) => isReady(seen, session)));
  }

  /** Alive members that say that their training failed in this round, though they are ready for its session. */
  gaveUp(session: string, round: number): Set<string> {
    const failed = ({ heartbeat }: Seen) => heartbeat.round === round && heartbeat.phase === "failed";
    return peersOf(this.aliveMembers().filter((seen) => isReady(seen, session) && failed(seen)));
  }

  /** Alive members that are still getting ready for this session: worth a short wait. */
  preparing(session: string): Set<string> {
    const waiting = (seen: Seen) => !isReady(seen, session) && seen.heartbeat.reason === null;
    return peersOf(this.aliveMembers().filter(waiting));
  }

  private isMember(peer: string): boolean {
    return peer === this.self || this.options.isMember(peer);
  }

  /** A node that was heard as a guest and has become a member since counts at once, before its next heartbeat. */
  private everybody(): Seen[] {
    return [...this.members.values(), ...this.guests.values()];
  }

  private put(member: boolean, seen: Seen): void {
    this.members.delete(seen.peer);
    this.guests.delete(seen.peer);
    const part = member ? this.members : this.guests;
    part.set(seen.peer, seen);
    if (part.size > (member ? MEMBERS_MAX : GUESTS_MAX)) part.delete(part.keys().next().value as string);
  }
}

function isReady({ heartbeat }: Seen, session: string): boolean {
  return heartbeat.canTrain && heartbeat.session === session;
}

function peersOf(seen: readonly Seen[]): Set<string> {
  return new Set(seen.map(({ peer }) => peer));
}
