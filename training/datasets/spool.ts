/**
 * Bytes that are written once, front to back, and then read anywhere: in memory while they are few, beyond that in a
 * file that has no name any more. So nothing is left behind even when the process is killed, and two processes on one
 * machine never share one.
 */
import { randomBytes } from "node:crypto";
import { type FileHandle, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { reasonOf, unreadable } from "./errors.js";
import { DATASET_MEMORY_BYTES_MAX } from "./limits.js";

/** Both what memory grows by and what goes to the file at a time. */
const BLOCK_BYTES = 1024 * 1024;

export interface SpoolOptions {
  readonly dataset: string;
  /** Folder of the file; the system's temporary folder when left out, which may itself lie in memory. */
  readonly scratchDir?: string;
  /** Bytes held in memory. */
  readonly memoryBytesMax?: number;
}

/** Bytes that do not change any more. */
export interface SpooledBytes {
  readonly length: number;
  /** Fills `into` from `position`. @throws TrainingError `DATASET_UNREADABLE` when there are not as many */
  read(into: Uint8Array, position: number): Promise<void>;
  close(): Promise<void>;
}

export class Spool {
  private readonly memoryBytesMax: number;
  /** All full but the last; once there is a file, only what it does not hold yet. */
  private blocks: Uint8Array[] = [];
  private file: SpoolFile | null = null;
  private length = 0;

  constructor(private readonly options: SpoolOptions) {
    this.memoryBytesMax = options.memoryBytesMax ?? DATASET_MEMORY_BYTES_MAX;
  }

  /** @throws TrainingError `DATASET_UNREADABLE` when the disk does not take them */
  async append(bytes: Uint8Array): Promise<void> {
    for (let done = 0; done < bytes.length; ) {
      const used = this.length % BLOCK_BYTES;
      if (used === 0) await this.nextBlock();
      const piece = bytes.subarray(done, done + BLOCK_BYTES - used);
      this.blocks.at(-1)?.set(piece, used);
      this.length += piece.length;
      done += piece.length;
    }
  }

  /** No more is appended: what was, for reading. The spool itself is then not to be used any more. */
  async finish(): Promise<SpooledBytes> {
    if (this.file === null && this.length <= this.memoryBytesMax)
      return memoryBytes(this.blocks, this.length);
    await this.flush();
    const file = this.file;
    if (file === null) return memoryBytes([], 0);
    const { length } = this;
    return {
      length,
      read: (into, position) => file.read(into, position, length),
      close: () => file.close(),
    };
  }

  /** For a spool that will not be finished. */
  async discard(): Promise<void> {
    this.blocks = [];
    await this.file?.close();
  }

  private async nextBlock(): Promise<void> {
    if (this.file !== null || this.length + BLOCK_BYTES > this.memoryBytesMax) await this.flush();
    this.blocks.push(new Uint8Array(BLOCK_BYTES));
  }

  private async flush(): Promise<void> {
    if (this.length === 0) return;
    this.file ??= await SpoolFile.create(this.options);
    for (const block of this.blocks) {
      await this.file.append(block.subarray(0, Math.min(BLOCK_BYTES, this.length - this.file.length)));
    }
    this.blocks = [];
  }
}

function memoryBytes(blocks: readonly Uint8Array[], length: number): SpooledBytes {
  return {
    length,
    async read(into, position) {
      for (let done = 0; done < into.length; ) {
        const at = position + done;
        const from = at % BLOCK_BYTES;
        const piece = blocks[Math.floor(at / BLOCK_BYTES)]?.subarray(from, from + into.length - done);
        if (piece === undefined) throw new RangeError(`there are ${length} bytes, ${at} is past them`);
        into.set(piece, done);
        done += piece.length;
      }
    },
    async close() {},
  };
}

class SpoolFile {
  length = 0;
  private closing: Promise<void> | null = null;

  private constructor(
    private readonly dataset: string,
    private readonly path: string,
    private readonly handle: FileHandle,
    private readonly named: boolean,
  ) {}

  static async create({ dataset, scratchDir = tmpdir() }: SpoolOptions): Promise<SpoolFile> {
    const path = join(scratchDir, `dataset-${randomBytes(8).toString("hex")}`);
    try {
      const handle = await open(path, "wx+", 0o600);
      // A system that does not part with the name of an open file does it when the file is closed.
      const named = await rm(path).then(
        () => false,
        () => true,
      );
      return new SpoolFile(dataset, path, handle, named);
    } catch (error) {
      throw unreadable(dataset, `it does not fit in memory, and ${path}: ${reasonOf(error)}`, error);
    }
  }

  async append(bytes: Uint8Array): Promise<void> {
    try {
      for (let done = 0; done < bytes.length; ) {
        done += (await this.handle.write(bytes, done, bytes.length - done, this.length + done)).bytesWritten;
      }
      this.length += bytes.length;
    } catch (error) {
      const what = `it does not fit in memory, and cannot be written to ${this.path}: ${reasonOf(error)}`;
      throw unreadable(this.dataset, what, error);
    }
  }

  async read(into: Uint8Array, position: number, length: number): Promise<void> {
    for (let done = 0; done < into.length; ) {
      const { bytesRead } = await this.handle
        .read(into, done, into.length - done, position + done)
        .catch((error: unknown) => {
          throw unreadable(this.dataset, `cannot read ${this.path}: ${reasonOf(error)}`, error);
        });
      if (bytesRead === 0) {
        const what = `${this.path} ends at ${position + done} bytes, ${length} were written to it`;
        throw unreadable(this.dataset, what);
      }
      done += bytesRead;
    }
  }

  /** Once, however often it is called: the number of a closed file may be another's. */
  close(): Promise<void> {
    this.closing ??= this.handle
      .close()
      .then(() => (this.named ? rm(this.path, { force: true }) : undefined));
    return this.closing;
  }
}
