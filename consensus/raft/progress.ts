/** What a leader knows of one other member, and how much it sends without hearing back. */
import { Inflights } from "./inflights.js";
import type { ProgressMode, RaftOptions } from "./types.js";

/** A snapshot on its way, in chunks. */
export interface SnapshotTransfer {
  readonly index: number;
  /** Bytes that the follower is known to hold. */
  acknowledged: number;
  /** Where the next chunk begins. */
  next: number;
  /** The follower has said where it stands; until then a single chunk is out. */
  answered: boolean;
  /** How often in a row it said the same: parts behind a lost one arrive, and each says which is missing. */
  repeats: number;
  /** Ticks since it got any further. */
  silentTicks: number;
}

export class Progress {
  mode: ProgressMode = "probe";
  match = 0;
  /** Its commit index, as of its last heartbeat reply. */
  commit = 0;
  next: number;
  /** The highest commit index that it was told; it may not have arrived. */
  toldCommit = 0;
  /** In probe mode: one append is out. A heartbeat's reply, or the append's own, clears it. */
  probeSent = false;
  /** Ticks since the last message from this member. */
  silentTicks = 0;
  /** The last read that it confirmed, see `reading.ts`. */
  read = 0;
  /** The leader's clock in the newest heartbeat that it answered; before any, long ago. */
  heardTick = Number.NEGATIVE_INFINITY;
  transfer: SnapshotTransfer | null = null;
  readonly inflights: Inflights;

  constructor(next: number, options: Pick<RaftOptions, "maxInflightAppends" | "maxInflightBytes">) {
    this.next = next;
    this.inflights = new Inflights(options.maxInflightAppends, options.maxInflightBytes);
  }

  get isPaused(): boolean {
    if (this.mode === "probe") return this.probeSent;
    return this.mode === "snapshot" || this.inflights.isFull;
  }

  becomeProbe(): void {
    this.next = this.match + 1;
    this.toldCommit = Math.min(this.toldCommit, this.match);
    this.enter("probe");
  }

  becomeReplicate(): void {
    this.next = this.match + 1;
    this.enter("replicate");
  }

  becomeSnapshot(index: number): SnapshotTransfer {
    this.enter("snapshot");
    this.transfer = { index, acknowledged: 0, next: 0, answered: false, repeats: 0, silentTicks: 0 };
    this.next = index + 1;
    this.toldCommit = index;
    return this.transfer;
  }

  /** An append that ends with `lastIndex` was sent; without entries it is not counted as on its way. */
  sent(lastIndex: number, bytes: number, commit: number): void {
    this.toldCommit = Math.max(this.toldCommit, Math.min(commit, lastIndex));
    if (this.mode === "probe") {
      this.probeSent = true;
      return;
    }
    if (lastIndex < this.next) return;
    this.next = lastIndex + 1;
    this.inflights.add(lastIndex, bytes);
  }

  /** @returns whether that was news */
  matched(index: number, firstIndex: number): boolean {
    const news = index > this.match;
    if (news) this.match = index;
    this.next = Math.max(this.next, index + 1);
    if (this.mode === "probe" && index === this.match) this.becomeReplicate();
    else if (this.mode === "snapshot" && this.match + 1 >= firstIndex) this.becomeReplicate();
    else if (this.mode === "replicate") this.inflights.freeTo(index);
    return news;
  }

  /** @returns false when the rejection is an old one */
  rejected(index: number, hint: number): boolean {
    if (this.mode === "snapshot") return false;
    if (this.mode === "replicate") {
      if (index <= this.match) return false;
      this.becomeProbe();
      return true;
    }
    if (this.next - 1 !== index) return false;
    this.next = Math.max(Math.min(index, hint + 1), this.match + 1);
    this.toldCommit = Math.min(this.toldCommit, this.next - 1);
    this.probeSent = false;
    return true;
  }

  /** The link works: whatever was lost on it, one more append may go. */
  resume(): void {
    this.probeSent = false;
    if (this.inflights.isFull) this.inflights.freeOldest();
  }

  private enter(mode: ProgressMode): void {
    this.mode = mode;
    this.probeSent = false;
    this.transfer = null;
    this.inflights.clear();
  }
}
