/** Bytes in the order of their arrival. Each is copied once, when it is taken, however it was cut into pieces. */

/** Pieces that were used up are dropped from the list this many at a time. */
const TRIM_PIECES = 1024;

export class ByteQueue {
  private pieces: Uint8Array[] = [];
  /** The piece to take from, and the bytes of it that are gone. */
  private head = 0;
  private offset = 0;
  private held = 0;
  private copiedBytes = 0;

  /** Bytes that can be taken. */
  get length(): number {
    return this.held;
  }

  /** Bytes moved since the start: what the queue costs. */
  get copied(): number {
    return this.copiedBytes;
  }

  push(piece: Uint8Array): void {
    if (piece.length === 0) return;
    this.pieces.push(piece);
    this.held += piece.length;
  }

  /** The next bytes, which must be there. */
  take(bytes: number): Uint8Array {
    if (bytes > this.held) throw new RangeError(`${bytes} bytes of ${this.held}`);
    const taken = new Uint8Array(bytes);
    for (let at = 0; at < bytes; ) {
      const piece = this.pieces[this.head] as Uint8Array;
      const part = piece.subarray(this.offset, this.offset + bytes - at);
      taken.set(part, at);
      at += part.length;
      this.skip(piece, part.length);
    }
    this.held -= bytes;
    this.copiedBytes += bytes;
    return taken;
  }

  private skip(piece: Uint8Array, bytes: number): void {
    this.offset += bytes;
    if (this.offset < piece.length) return;
    this.offset = 0;
    this.head += 1;
    if (this.head < this.pieces.length && this.head < TRIM_PIECES) return;
    this.pieces = this.pieces.slice(this.head);
    this.head = 0;
  }
}
