/**
 * Reads that wait until the leader knows that it still leads (§6.4 of the thesis). All reads asked for in one turn share
 * one round of heartbeats; each round confirms everything before it.
 */
import { ConsensusError } from "../errors.js";

export interface PendingRead {
  /** Who asked, and the asker's own number for it. */
  readonly from: string;
  readonly id: number;
  /** What was committed when the leader took it. */
  readonly index: number;
  /** The round of heartbeats that confirms it. */
  readonly round: number;
}

export class PendingReads {
  /** The newest round; heartbeats carry it. */
  round = 0;
  /** Oldest first, by round. */
  private waiting: PendingRead[] = [];
  /** Asked of a leader that has not yet committed in its term, and so does not know what is committed (§6.4, step 1). */
  private early: { readonly from: string; readonly id: number }[] = [];
  /** A read was taken since the last round of heartbeats went out. */
  private due = false;

  constructor(private readonly max: number) {}

  get size(): number {
    return this.waiting.length + this.early.length;
  }

  /** @throws ConsensusError `OVERLOADED` */
  assertRoom(): void {
    const { size, max } = this;
    if (size < max) return;
    throw new ConsensusError(
      "OVERLOADED",
      `${size} reads wait for a majority, at most ${max} may; read less often`,
      {
        reads: size,
        max,
      },
    );
  }

  get isFull(): boolean {
    return this.size >= this.max;
  }

  addEarly(from: string, id: number): void {
    this.early.push({ from, id });
  }

  takeEarly(): readonly { readonly from: string; readonly id: number }[] {
    const { early } = this;
    this.early = [];
    return early;
  }

  add(from: string, id: number, index: number): void {
    if (!this.due) {
      this.due = true;
      this.round++;
    }
    this.waiting.push({ from, id, index, round: this.round });
  }

  get isDue(): boolean {
    return this.due;
  }

  /** Whether a round of heartbeats is to go out now; asks only once for each. */
  takeDue(): boolean {
    const { due } = this;
    this.due = false;
    return due;
  }

  /** A majority has answered this round. */
  confirmed(round: number): readonly PendingRead[] {
    let done = 0;
    while (done < this.waiting.length && (this.waiting[done] as PendingRead).round <= round) done++;
    return this.waiting.splice(0, done);
  }

  /** @returns what `own` had asked itself */
  clear(own: string): number[] {
    const ids = [...this.waiting, ...this.early].filter((read) => read.from === own).map((read) => read.id);
    this.waiting = [];
    this.early = [];
    this.due = false;
    return ids;
  }
}
