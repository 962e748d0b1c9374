/** An upload on its way into the store: to disk first, then read, checked and made a version's file. */
import { createWriteStream } from "node:fs";
import { rm } from "node:fs/promises";
import { type Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { BlobRef } from "../../protocol/types.js";
import { type Imported, type ImportRequest, importOnThread } from "../../training/checkpoints/index.js";
import { TrainingError } from "../../training/errors.js";
import type { SessionSpec } from "../../training/session.js";
import type { DownloadFormat } from "../services/download.js";
import { ServiceError } from "../services/errors.js";
import type { BlobStore } from "../store/index.js";

/** Uploads at a time; each is held in memory once while it is checked. One more is refused. */
export const UPLOADS_MAX = 2;
/** Bytes of one parameter in a version without any state beside it. */
const PARAMETER_BYTES = 4;

export interface IntakeInit {
  readonly blobs: Pick<BlobStore, "tempPath" | "adopt" | "stat" | "remove">;
}

export interface TakenModel {
  readonly ref: BlobRef;
  readonly spec: SessionSpec;
  readonly height: number;
  /** Takes it out of the store again, unless it was there before. */
  readonly undo: () => Promise<void>;
}

export class ModelIntake {
  private running = 0;
  private readonly stopping = new AbortController();

  constructor(private readonly init: IntakeInit) {}

  /**
   * @param bytesMax an upload with more is refused on its way
   * @throws ServiceError PAYLOAD_TOO_LARGE, MODEL_INVALID, MODELS_FULL when the disk is, UPLOADS_BUSY; nothing is then left
   */
  async take(
    body: Readable,
    format: DownloadFormat,
    like: SessionSpec | null,
    bytesMax: number,
  ): Promise<TakenModel> {
    if (this.running >= UPLOADS_MAX) {
      const message = `${UPLOADS_MAX} uploads are under way at this node; try again when one is done`;
      throw new ServiceError("UPLOADS_BUSY", message, { uploads: this.running });
    }
    this.running += 1;
    const [path, outPath] = [this.init.blobs.tempPath(), this.init.blobs.tempPath()];
    try {
      await pipeline(body, bounded(bytesMax), createWriteStream(path, { flags: "wx", mode: 0o600 }));
      const parametersMax = Math.floor(bytesMax / PARAMETER_BYTES);
      return await this.keep(await this.read({ path, format, like, outPath, parametersMax }), outPath);
    } catch (error) {
      throw refusalOf(error);
    } finally {
      this.running -= 1;
      for (const left of [path, outPath]) await rm(left, { force: true });
    }
  }

  /** Ends what is being read. */
  stop(): void {
    this.stopping.abort();
  }

  private async read(request: ImportRequest): Promise<Imported> {
    const { signal } = this.stopping;
    try {
      return await importOnThread(request, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
      throw new ServiceError("NOT_READY", "this node is stopping; ask another one", {}, { cause: error });
    }
  }

  private async keep({ ref, chunkHashes, spec, height }: Imported, path: string): Promise<TakenModel> {
    const { blobs } = this.init;
    const known = blobs.stat(ref.hash) !== undefined;
    await blobs.adopt(path, ref, chunkHashes);
    return { ref, spec, height, undo: async () => (known ? undefined : blobs.remove(ref.hash)) };
  }
}

function bounded(bytesMax: number): Transform {
  let bytes = 0;
  return new Transform({
    transform(chunk: Buffer, _, done) {
      bytes += chunk.length;
      if (bytes <= bytesMax) return done(null, chunk);
      const message = `the model is larger than ${bytesMax} bytes, what storage.max_bytes leaves for one here`;
      done(new ServiceError("PAYLOAD_TOO_LARGE", message, { limit_bytes: bytesMax }));
    },
  });
}

function refusalOf(error: unknown): unknown {
  if (error instanceof ServiceError) return error;
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (error instanceof TrainingError)
    return new ServiceError("MODEL_INVALID", message, { cause: error.code }, { cause: error });
  if (["ENOSPC", "EDQUOT", "DISK_FULL"].includes(code))
    return new ServiceError("MODELS_FULL", "the disk of this node is full", {}, { cause: error });
  // The client has gone, or sent less than it had announced: nobody may be there to read this.
  if (
    ["ERR_STREAM_PREMATURE_CLOSE", "ECONNRESET", "ABORT_ERR"].includes(code) ||
    /client has gone/.test(message)
  )
    return new ServiceError("INVALID_REQUEST", "the upload broke off", {}, { cause: error });
  return error;
}
