/**
 * What a node thinks of the leader it follows, as a pure state machine: after `refusedMax` proposals in a row that were
 * refused for what they are, the leader is to be replaced. The leader keeps the same count of its own ballots and hands
 * over by itself; a voter gives it a moment for that, and then no longer follows it in this term.
 *
 * Deterministic: it depends on the proposals, their refusals, the commits and the clock that is handed in, on nothing
 * else. Safe: a committed version proves that a majority found a proposal right, so a voter whose own computation is
 * broken starts from nothing with every commit and cannot turn against a leader that the others sign for. And to no
 * longer follow is, to Raft, the same as a network that loses that leader's messages; see `raft/election.ts`.
 *
 * Memory: at most `refusedMax` digests.
 */
import type { Hash } from "../../protocol/types.js";

export type Opinion =
  | "follow"
  /** It is to hand over: none of its proposals is signed any more. */
  | "distrust"
  /** It had its time to hand over. */
  | "abandon";

export class LeaderConduct {
  private leader: string | null = null;
  private term = 0;
  private readonly refused = new Set<Hash>();
  private fullSinceMs: number | null = null;

  /** @param graceMs how long a leader may take to hand over once its proposals were refused too often */
  constructor(
    private readonly refusedMax: number,
    private readonly graceMs: number,
  ) {}

  /** Proposals of the leader that were refused in a row, counted up to the limit. */
  get refusals(): number {
    return this.refused.size;
  }

  /** A proposal was refused for what it is. One that is asked about again counts once. */
  proposalRefused(leader: string, term: number, digest: Hash, nowMs: number): void {
    if (leader !== this.leader || term !== this.term) this.forget();
    this.leader = leader;
    this.term = term;
    if (this.refused.has(digest)) return;
    if (this.refused.size < this.refusedMax) this.refused.add(digest);
    // A further one past the limit starts the leader's time again: it was given up once, and is leading still.
    if (this.refused.size >= this.refusedMax) this.fullSinceMs ??= nowMs;
  }

  /** A version was committed: a majority has recomputed a proposal and found it right. */
  versionCommitted(): void {
    this.forget();
  }

  /** This node no longer follows the leader for a while; only another refused proposal makes it do so again. */
  abandoned(): void {
    this.fullSinceMs = null;
  }

  opinionOf(leader: string | null, term: number, nowMs: number): Opinion {
    if (leader === null || leader !== this.leader || term !== this.term) return "follow";
    if (this.refused.size < this.refusedMax) return "follow";
    return this.fullSinceMs !== null && nowMs - this.fullSinceMs >= this.graceMs ? "abandon" : "distrust";
  }

  private forget(): void {
    this.leader = null;
    this.refused.clear();
    this.fullSinceMs = null;
  }
}
