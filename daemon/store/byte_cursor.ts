/** Reads LevelDB's varints and strings out of bytes, and never outside them. */
export class ByteCursor {
  private at = 0;

  constructor(private readonly bytes: Uint8Array) {}

  get done(): boolean {
    return this.at >= this.bytes.length;
  }

  byte(): number {
    const byte = this.bytes[this.at];
    if (byte === undefined) throw new RangeError("it ends too early");
    this.at += 1;
    return byte;
  }

  /** Little-endian groups of seven bits. @throws RangeError for one above 2⁵³ */
  varint(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.byte();
      value += (byte & 127) * scale;
      if (value > Number.MAX_SAFE_INTEGER) throw new RangeError("a number in it is too large");
      if (byte < 128) return value;
    }
  }

  take(length: number): Uint8Array {
    if (length > this.bytes.length - this.at) throw new RangeError("it ends too early");
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  /** With its length before it. */
  string(): Uint8Array {
    return this.take(this.varint());
  }
}
