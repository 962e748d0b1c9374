/** The real file system (or another double) until step `failAt` of those that change something; that step and all later ones fail. */
import { nodeFs, type StoreFile, type StoreFs } from "../store_fs.js";

export class SystemError extends Error {
  constructor(readonly code: string) {
    super(`${code}: injected`);
  }
}

export interface Faults {
  /** Number of the step that fails first; Infinity: none. */
  failAt: number;
  readonly errno: string;
  /** A process that dies does no later step either; a full disk still renames and removes. */
  readonly dies: boolean;
  /** A write that fails leaves this share of its bytes behind. */
  readonly torn?: number;
}

export class FaultyFs implements StoreFs {
  steps = 0;
  freeBytesNow = Number.MAX_SAFE_INTEGER;

  constructor(
    readonly faults: Faults = { failAt: Number.POSITIVE_INFINITY, errno: "EIO", dies: false },
    private readonly inner: StoreFs = nodeFs,
  ) {}

  async open(path: string, mode: Parameters<StoreFs["open"]>[1]): Promise<StoreFile> {
    if (mode !== "read") this.step("write");
    const file = await this.inner.open(path, mode);
    return {
      read: (into, position) => file.read(into, position),
      write: async (bytes, position) => {
        try {
          this.step("write");
        } catch (error) {
          await file.write(bytes.subarray(0, Math.floor(bytes.length * (this.faults.torn ?? 0))), position);
          throw error;
        }
        await file.write(bytes, position);
      },
      sync: async () => {
        this.step("write");
        await file.sync();
      },
      close: () => file.close(),
    };
  }

  async rename(from: string, to: string): Promise<void> {
    this.step("name");
    await this.inner.rename(from, to);
  }

  async remove(path: string): Promise<void> {
    this.step("name");
    await this.inner.remove(path);
  }

  async mkdir(path: string): Promise<void> {
    this.step("write");
    await this.inner.mkdir(path);
  }

  list(folder: string): Promise<string[]> {
    return this.inner.list(folder);
  }

  stat(path: string) {
    return this.inner.stat(path);
  }

  async syncFolder(folder: string): Promise<void> {
    this.step("name");
    await this.inner.syncFolder(folder);
  }

  async freeBytes(): Promise<number> {
    return this.freeBytesNow;
  }

  private step(kind: "write" | "name"): void {
    const step = this.steps;
    this.steps += 1;
    const failing = this.faults.dies
      ? step >= this.faults.failAt
      : step >= this.faults.failAt && kind === "write";
    if (failing) throw new SystemError(this.faults.errno);
  }
}
