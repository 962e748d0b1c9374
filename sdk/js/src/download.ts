/** A download that is counted, checked, and gone on with where it broke off. */
import { CheckpointSums } from "./checkpoint_sums.js";
import { SwarmConnectionError, SwarmIntegrityError } from "./errors.js";
import type { Progress } from "./operation.js";
import { Sha256 } from "./sha256.js";

export interface DownloadOptions {
  readonly onProgress?: (progress: Progress) => void;
  /** 64 hex digits that the whole must have. */
  readonly sha256?: string;
}

/** @param again asks for what follows after so many bytes of the same thing; null: the node cannot do that */
export type Continue = (fromByte: number, etag: string) => Promise<Response | null>;

/** Times in a row that a download is taken up again without a byte of progress. */
const STALLS_MAX = 3;

export class Download {
  readonly contentType: string;
  /** As the node says; null: it did not. */
  readonly total: number | null;
  readonly etag: string | null;
  /** Hash of the version that the model is, `sha256:…`. */
  readonly modelHash: string | null;
  private hash: string | null = null;

  constructor(
    private readonly first: Response,
    private readonly again: Continue,
    private readonly options: DownloadOptions = {},
  ) {
    const length = first.headers.get("Content-Length");
    this.contentType = first.headers.get("Content-Type") ?? "";
    this.total = length === null ? null : Number(length);
    this.etag = first.headers.get("ETag");
    this.modelHash = first.headers.get("X-Model-Hash");
  }

  /** Of everything; once it has been read to its end. */
  get sha256(): string | null {
    return this.hash;
  }

  /**
   * The bytes as they come, to be taken once. Of a checkpoint every entry is checked against its sum.
   *
   * @throws SwarmIntegrityError at the end, when what came is not what was sent
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    const whole = new Sha256();
    const sums = this.contentType.startsWith("application/x-tar") ? new CheckpointSums() : null;
    let bytes = 0;
    for await (const chunk of this.chunks()) {
      whole.update(chunk);
      sums?.update(chunk);
      bytes += chunk.length;
      this.options.onProgress?.({ bytes, total: this.total });
      yield chunk;
    }
    if (this.total !== null && bytes !== this.total)
      throw new SwarmIntegrityError(`${bytes} bytes came, of ${this.total}`);
    sums?.verify();
    this.hash = whole.hex();
    const { sha256: expected } = this.options;
    if (expected !== undefined && expected !== this.hash)
      throw new SwarmIntegrityError(`expected sha256 ${expected}, got ${this.hash}`);
  }

  /** All of it, in memory. */
  async bytes(): Promise<Uint8Array> {
    const parts: Uint8Array<ArrayBuffer>[] = [];
    for await (const part of this) parts.push(new Uint8Array(part));
    return new Uint8Array(await new Blob(parts).arrayBuffer());
  }

  private async *chunks(): AsyncGenerator<Uint8Array> {
    let response = this.first;
    let received = 0;
    let stalls = 0;
    for (;;) {
      try {
        for await (const chunk of readable(response)) {
          received += chunk.length;
          stalls = 0;
          yield chunk;
        }
        return;
      } catch (error) {
        stalls += 1;
        const next = this.etag === null || stalls > STALLS_MAX ? null : await this.again(received, this.etag);
        if (next === null)
          throw new SwarmConnectionError(`the download broke off after ${received} bytes`, { cause: error });
        response = next;
      }
    }
  }
}

/** Not every browser can iterate over a stream by itself. */
async function* readable({ body }: Response): AsyncGenerator<Uint8Array> {
  if (body === null) return;
  const reader = body.getReader();
  let finished = false;
  try {
    for (let { done, value } = await reader.read(); !done; { done, value } = await reader.read())
      yield value as Uint8Array;
    finished = true;
  } finally {
    if (!finished) await reader.cancel().catch(() => undefined);
  }
}
