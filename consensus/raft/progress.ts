/** What a leader knows of one other member, and how much it sends without hearing back. */

/**
 * `probe`: where the logs meet is not known; one append at a time.
 * `replicate`: known; appends are pipelined up to a bound.
 * `snapshot`: the follower needs entries that are compacted; nothing else until it has the snapshot.
 */
export type ProgressMode = "probe" | "replicate" | "snapshot";

export class Progress {
  mode: ProgressMode = "probe";
  match = 0;
  /** Its commit index, as of its last heartbeat reply. */
  commit = 0;
  next: number;
  /** In probe mode: one append is out. A heartbeat's reply, or the append's own, clears it. */
  probeSent = false;
  /** Ticks since the last message from this member. */
  silentTicks = 0;
  snapshotTicks = 0;
  private pendingSnapshot = 0;
  /** Last index of each append on its way, oldest first. */
  private inflight: number[] = [];

  constructor(
    next: number,
    private readonly maxInflight: number,
  ) {
    this.next = next;
  }

  get isPaused(): boolean {
    if (this.mode === "probe") return this.probeSent;
    return this.mode === "snapshot" || this.inflight.length >= this.maxInflight;
  }

  becomeProbe(): void {
    // It may have taken the snapshot and only its answer was lost: ask just behind it first.
    this.next = Math.max(this.match, this.pendingSnapshot) + 1;
    this.enter("probe");
  }

  becomeReplicate(): void {
    this.next = this.match + 1;
    this.enter("replicate");
  }

  becomeSnapshot(index: number): void {
    this.enter("snapshot");
    this.pendingSnapshot = index;
    this.next = index + 1;
    this.snapshotTicks = 0;
  }

  /** An append that ends with `lastIndex` was sent. */
  sent(lastIndex: number): void {
    if (this.mode === "probe") {
      this.probeSent = true;
      return;
    }
    if (lastIndex < this.next) return;
    this.next = lastIndex + 1;
    this.inflight.push(lastIndex);
  }

  /** @returns whether that was news */
  matched(index: number, firstIndex: number): boolean {
    const news = index > this.match;
    if (news) this.match = index;
    this.next = Math.max(this.next, index + 1);
    if (this.mode === "probe" && index === this.match) this.becomeReplicate();
    else if (this.mode === "snapshot" && this.match + 1 >= firstIndex) this.becomeReplicate();
    else if (this.mode === "replicate") this.free(index);
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
    this.probeSent = false;
    return true;
  }

  /** The link works: whatever was lost on it, one more append may go. */
  resume(): void {
    this.probeSent = false;
    if (this.inflight.length >= this.maxInflight) this.inflight.shift();
  }

  private free(upTo: number): void {
    const left = this.inflight.findIndex((last) => last > upTo);
    this.inflight.splice(0, left < 0 ? this.inflight.length : left);
  }

  private enter(mode: ProgressMode): void {
    this.mode = mode;
    this.probeSent = false;
    this.pendingSnapshot = 0;
    this.inflight = [];
  }
}
