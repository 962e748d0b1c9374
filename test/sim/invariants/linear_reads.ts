/**
 * A read behind a barrier shows everything that was acknowledged to anybody, or shown by another such read, before it
 * was asked for: in real time it never looks back. The state is a function of the log's index, so it is enough that the
 * index of what it shows is at least the highest one that was acknowledged or shown before.
 */
export class LinearReads {
  readonly name = "linearizable reads";
  private known = 0;
  reads = 0;

  /** A write at this index was acknowledged to its author. */
  acknowledged(index: number): void {
    this.known = Math.max(this.known, index);
  }

  /** @returns to be called with the index of the state that the read shows */
  asked(node: string): (shown: number) => void {
    const least = this.known;
    return (shown) => {
      this.reads += 1;
      if (shown < least) {
        throw new Error(
          `a read on ${node} shows the state at ${shown}, entry ${least} was known before it was asked for`,
        );
      }
      this.acknowledged(shown);
    };
  }
}
