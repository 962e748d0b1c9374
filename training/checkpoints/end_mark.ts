/** A tar ends with two blocks of zeros; what is cut inside its last blocks has lost nothing but says that it was cut. */
export const BLOCK_BYTES = 512;
const END_BYTES = 2 * BLOCK_BYTES;

export class EndMark {
  private bytes = 0;
  private zeros = 0;

  take(piece: Uint8Array): void {
    this.bytes += piece.length;
    const last = piece.findLastIndex((byte) => byte !== 0);
    this.zeros = last < 0 ? this.zeros + piece.length : piece.length - 1 - last;
  }

  /** Whether all that was taken is whole blocks, the last two of them zeros. */
  get reached(): boolean {
    return this.bytes % BLOCK_BYTES === 0 && this.zeros >= END_BYTES;
  }
}
