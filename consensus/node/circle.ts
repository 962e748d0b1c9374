/**
 * Whom a Raft node listens to. Raft believes what its peers say, so a stranger's single message could raise the term
 * for good, pose as a leader or contradict the log; the transport knows only that a peer claims to be of this swarm.
 *
 * Listened to are:
 * - the members: those of the applied configuration, and those that changes in the log name which are not applied yet
 *   (their votes and appends may be needed before this node has applied the change);
 * - for a while, those that were members until just now: a leader that is being removed goes on until a majority knows;
 * - for a while, those that somebody trustworthy has introduced (`introduce`).
 *
 * Why nothing is lost that Raft needs (etcd takes messages from anybody because of it): while this node keeps up, a
 * new leader or candidate is a member of a configuration in this node's log, or of one that its leader is about to send.
 * A node that was cut off during several changes may know none of the present voters. It drops what they send, which
 * costs it time and nobody else safety (Raft bears any loss), and asks the members that it does know, each of which
 * introduces the leader and the voters that it knows of, until one of them gets through; the log that then comes names
 * everybody. A member could itself pose as a leader, so its introduction adds nothing to what it can do. If none of the
 * members it knew is left, no message can prove who belongs: then it must be set up anew, like a newcomer.
 *
 * A newcomer knows no member at all and listens only to the leader that admitted it (`introduce` again). It has promised
 * nothing, so a lie costs the newcomer alone; and a voter that lost its disk looks like a newcomer, is not admitted, and
 * so acknowledges nothing that it could forget a second time.
 */
import { membersOf } from "../raft/confchange.js";
import { decodeConfChange } from "../raft/configuration.js";
import type { RaftCore } from "../raft/core.js";
import type { Configuration } from "../raft/types.js";

/** Former members are heard for so many election timeouts, which is far longer than a leader takes to hand over. */
const FORMER_TIMEOUTS = 4;
/** An introduction holds for so many; whoever needs it longer asks again. */
const INTRODUCED_TIMEOUTS = 30;
/** Guests remembered; the oldest is forgotten first. */
const GUESTS_MAX = 256;
/**
 * A term further ahead than this was not counted up by elections. What remains to a malicious member is to raise the term
 * step by step; see ARCHITECTURE.md.
 */
export const TERM_JUMP_MAX = 2 ** 20;

export class Circle {
  private configuration: Configuration;
  private members: ReadonlySet<string>;
  /** Until which tick each is heard. */
  private readonly guests = new Map<string, number>();
  private now = 0;

  constructor(
    private readonly core: Pick<RaftCore, "configuration" | "log" | "term">,
    private readonly electionTicks: number,
  ) {
    this.configuration = core.configuration;
    this.members = new Set(membersOf(core.configuration));
  }

  tick(): void {
    this.now++;
    this.follow();
  }

  /** Somebody who may be believed says that this peer speaks for the swarm. */
  introduce(peer: string): void {
    this.invite(peer, INTRODUCED_TIMEOUTS);
  }

  admits(peer: string): boolean {
    this.follow();
    return (
      this.members.has(peer) ||
      (this.guests.get(peer) ?? Number.NEGATIVE_INFINITY) > this.now ||
      this.named(peer)
    );
  }

  /** A node without a configuration starts at term 0 and may have any distance to go. */
  believes(term: number): boolean {
    return this.members.size === 0 || term <= this.core.term + TERM_JUMP_MAX;
  }

  private follow(): void {
    const { configuration } = this.core;
    // A configuration is never changed in place: another one is another object.
    if (configuration === this.configuration) return;
    const before = this.members;
    this.configuration = configuration;
    this.members = new Set(membersOf(configuration));
    for (const peer of before) if (!this.members.has(peer)) this.invite(peer, FORMER_TIMEOUTS);
  }

  private invite(peer: string, timeouts: number): void {
    this.guests.delete(peer);
    this.guests.set(peer, this.now + timeouts * this.electionTicks);
    if (this.guests.size > GUESTS_MAX) this.guests.delete(this.guests.keys().next().value as string);
  }

  /** By a change that stands in the log and is not applied; one that does not decode names nobody. */
  private named(peer: string): boolean {
    for (const { data } of this.core.log.unappliedChanges()) {
      try {
        const { changes } = decodeConfChange(data);
        if (changes.some((change) => change.kind !== "remove" && change.peer === peer)) return true;
      } catch {
        // It has no effect when it is applied either.
      }
    }
    return false;
  }
}
