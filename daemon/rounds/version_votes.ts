/**
 * This node's votes on the versions that were proposed in the open round: each a state machine of its own
 * (`consensus/votes/version_vote.ts`), in a list with a bound. Here are the machines, and who waits for them; what is
 * recomputed, recorded and signed is the voter's work.
 */
import type { Decision } from "../../consensus/types.js";
import {
  type ApprovalTerms,
  decisionDigest,
  FIRST_STATE,
  nextVote,
  type OperatorWord,
  type VersionVoteInput,
  type VersionVoteState,
} from "../../consensus/votes/index.js";
import type { Hash } from "../../protocol/types.js";

/** Votes kept of one round; a leader proposes once, and again when another leads. The oldest that is over goes first. */
export const VERSION_VOTES_MAX = 16;

/** Validation of the proposed version on this node's own slice of the validation data. */
export interface Figures {
  readonly lossNats: number;
  readonly accuracy: number | null;
  readonly samples: number;
}

export interface VersionVote {
  readonly decision: Decision;
  readonly digest: Hash;
  /** The leader that proposed it. */
  readonly from: string;
  /** When this node was first asked, by its wall clock. */
  readonly askedAtMs: number;
  readonly state: VersionVoteState;
  /** Null until they are known, and where this node has none. */
  readonly figures: Figures | null;
  readonly signature: Uint8Array | null;
}

interface Entry extends VersionVote {
  state: VersionVoteState;
  figures: Figures | null;
  signature: Uint8Array | null;
  readonly waiting: Set<() => void>;
}

export class VersionVotes {
  private readonly entries = new Map<Hash, Entry>();
  /** What the operator said of a version holds for every proposal of the round that makes exactly that one. */
  private readonly words = new Map<Hash, OperatorWord>();

  constructor(
    readonly terms: ApprovalTerms,
    private readonly now: () => number,
  ) {}

  /** Oldest first. */
  get all(): readonly VersionVote[] {
    return [...this.entries.values()];
  }

  /** The vote on this decision, begun if it is new; null when there are too many that are not over. */
  of(decision: Decision, from: string): VersionVote | null {
    const digest = decisionDigest(decision);
    const known = this.entries.get(digest);
    // What failed here for a fault of this node's own may do better now.
    const again = known?.state.kind === "refused" && known.state.refusal.cause === "voter";
    if (known && !again) return known;
    this.entries.delete(digest);
    if (this.entries.size >= VERSION_VOTES_MAX && !this.dropOldest()) return null;
    const common = { decision, digest, from, askedAtMs: Date.now(), state: FIRST_STATE };
    const entry: Entry = { ...common, figures: null, signature: null, waiting: new Set() };
    this.entries.set(digest, entry);
    return entry;
  }

  /** Hands `input` to the vote's machine. @returns whether its state is another one */
  take(vote: VersionVote, input: VersionVoteInput): boolean {
    const entry = vote as Entry;
    const state = nextVote(entry.state, input, this.terms, this.now());
    if (state === entry.state) return false;
    entry.state = state;
    for (const wake of [...entry.waiting]) wake();
    return true;
  }

  figured(vote: VersionVote, figures: Figures): void {
    (vote as Entry).figures = figures;
  }

  signed(vote: VersionVote, signature: Uint8Array): void {
    (vote as Entry).signature = signature;
    this.take(vote, { kind: "recorded" });
  }

  /** The operator's word on a version, kept for the round. */
  say(version: Hash, word: OperatorWord): void {
    this.words.set(version, word);
  }

  wordOn(version: Hash): OperatorWord | null {
    return this.words.get(version) ?? null;
  }

  /** Resolves when the vote is `signed` or `refused`, or after `holdMs`. */
  settled(vote: VersionVote, holdMs: number): Promise<void> {
    const entry = vote as Entry;
    const over = () => entry.state.kind === "signed" || entry.state.kind === "refused";
    if (over()) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        entry.waiting.delete(wake);
        resolve();
      };
      const wake = (): void => {
        if (over()) done();
      };
      const timer = setTimeout(done, holdMs);
      entry.waiting.add(wake);
    });
  }

  /**
   * Time has passed, or the log has moved.
   * @param overtaken why this vote is not wanted any more, or null
   */
  sweep(
    overtaken: (vote: VersionVote) => string | null,
    open: { session: string; round: number } | null,
  ): void {
    for (const vote of this.entries.values()) {
      const reason = overtaken(vote);
      this.take(vote, reason === null ? { kind: "time" } : { kind: "overtaken", reason });
      const { session, round } = vote.decision;
      if (session === open?.session && round === open.round) continue;
      this.entries.delete(vote.digest);
      this.words.delete(vote.decision.result.hash);
    }
  }

  /** Nothing is waited for any longer. */
  stop(): void {
    for (const vote of this.entries.values())
      this.take(vote, { kind: "overtaken", reason: "this node is stopping" });
  }

  private dropOldest(): boolean {
    const over = [...this.entries.values()].find((e) => e.state.kind === "refused");
    return over !== undefined && this.entries.delete(over.digest);
  }
}
