/** One donor of one download: a stream, over which it is asked for the chunk list and for ranges of chunks. */
import { decode, encode } from "../codec.js";
import { ProtocolError } from "../errors.js";
import { chunkDigest, chunkLength, chunksOf, HASH_BYTES, sha256 } from "../hash.js";
import { BLOB_FRAME_TIMEOUT_MS, BLOB_HEADER_BYTES_MAX } from "../limits.js";
import type { FrameStream } from "../streams.js";
import type { BlobRef } from "../types.js";
import { BLOB_CHUNK_BYTES } from "../types.js";
import { type BlobRequest, blobAnswerSchema, listFrames } from "./messages.js";

/** Why a donor is left: a liar for good, the others for a while. */
export class DonorFault extends Error {
  override readonly name = "DonorFault";

  constructor(
    readonly kind: "absent" | "busy" | "failed" | "lied",
    message: string,
  ) {
    super(message);
  }
}

export class Donor {
  constructor(
    readonly peer: string,
    private readonly frames: FrameStream,
    private readonly ref: BlobRef,
  ) {}

  /**
   * The verified chunk list.
   * @throws DonorFault; ProtocolError `BLOB_MISMATCH` when the reference contradicts itself
   */
  async chunkHashes(): Promise<Uint8Array> {
    await this.ask({ kind: "chunks" });
    const parts: Uint8Array[] = [];
    for (const length of listFrames(chunksOf(this.ref.bytes))) parts.push(await this.data(length));
    const list = new Uint8Array(Buffer.concat(parts));
    if (sha256(list) !== this.ref.chunkRoot) throw new DonorFault("lied", "its chunk list is not the blob's");
    return list;
  }

  /**
   * Asks for chunks and hands each to `got` once it has been checked.
   * @throws DonorFault; ProtocolError `BLOB_MISMATCH`; what `got` throws
   */
  async range(
    from: number,
    count: number,
    chunkHashes: Uint8Array,
    got: (chunk: number, bytes: Uint8Array) => Promise<void>,
  ): Promise<void> {
    await this.ask({ kind: "range", from, count });
    for (let chunk = from; chunk < from + count; chunk++) {
      const bytes = await this.data(BLOB_CHUNK_BYTES);
      const expected = chunkHashes.subarray(chunk * HASH_BYTES, (chunk + 1) * HASH_BYTES);
      if (Buffer.compare(chunkDigest(bytes), expected) !== 0) {
        throw new DonorFault("lied", `chunk ${chunk} does not match its hash`);
      }
      if (bytes.length !== chunkLength(this.ref.bytes, chunk)) throw contradiction(this.ref);
      await got(chunk, bytes);
    }
  }

  close(): void {
    void this.frames.close();
  }

  abort(error: Error): void {
    this.frames.abort(error);
  }

  private async ask(want: BlobRequest["want"]): Promise<void> {
    await this.frames.write(encode({ v: 1, hash: this.ref.hash, want }), BLOB_FRAME_TIMEOUT_MS);
    const answer = decode(blobAnswerSchema, await this.data(BLOB_HEADER_BYTES_MAX), {
      what: `answer of ${this.peer}`,
      maxBytes: BLOB_HEADER_BYTES_MAX,
    });
    if (answer.status === "absent") throw new DonorFault("absent", "it does not have the blob");
    if (answer.status === "busy") throw new DonorFault("busy", "it is busy");
    // Who is wrong, the donor or whoever made the reference, cannot be told from here.
    if (answer.status === "invalid" || answer.bytes !== this.ref.bytes) {
      throw new DonorFault(
        "absent",
        `its blob of this hash has ${answer.bytes} bytes, not ${this.ref.bytes}`,
      );
    }
  }

  private async data(maxBytes: number): Promise<Uint8Array> {
    const frame = await this.frames.read(BLOB_FRAME_TIMEOUT_MS, { maxBytes });
    if (frame === null) throw new DonorFault("failed", "it ended the stream");
    return frame;
  }
}

/** Hash, length and chunk root name different bytes: nobody can ever give this blob. */
export function contradiction(ref: BlobRef): ProtocolError {
  return new ProtocolError("BLOB_MISMATCH", `the reference to ${ref.hash} contradicts itself`, { ref });
}
