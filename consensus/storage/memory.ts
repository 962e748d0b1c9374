/** Storage that ends with the process: for tests and simulation, where a crash loses what was not synced. */
import { ConsensusError } from "../errors.js";
import type { Snapshot, StoredState } from "../raft/types.js";
import { type Founders, genesisWrite, NOTHING_STORED } from "./genesis.js";
import type { RaftStorage, RaftWrite } from "./types.js";

/** A disk without waiting. States are never changed in place, so the synced one stays what it was. */
export class MemoryDisk {
  private current = NOTHING_STORED;
  private synced = NOTHING_STORED;

  read(): StoredState {
    return this.current;
  }

  /** What a power failure now would leave. */
  readSynced(): StoredState {
    return this.synced;
  }

  save(write: RaftWrite): void {
    const hardState = write.hardState ?? this.current.hardState;
    const snapshot = write.snapshot ?? this.current.snapshot;
    const kept = write.snapshot === null ? this.current.entries : [];
    this.current = { hardState, snapshot, entries: appended(kept, snapshot, write.entries) };
    if (write.mustSync) this.synced = this.current;
  }

  compact(snapshot: Snapshot, point: number): void {
    if (snapshot.index <= (this.current.snapshot?.index ?? 0)) return;
    const to = Math.min(point, snapshot.index);
    const entries = this.current.entries.filter((entry) => entry.index > to);
    this.current = { ...this.current, snapshot, entries };
  }

  /** Power off: the disk is as it was after the last synced write. */
  loseUnsynced(): void {
    this.current = this.synced;
  }
}

function appended(
  stored: StoredState["entries"],
  snapshot: Snapshot | null,
  entries: RaftWrite["entries"],
): StoredState["entries"] {
  const first = entries[0];
  if (first === undefined) return stored;
  const next = (stored.at(-1)?.index ?? snapshot?.index ?? 0) + 1;
  if (first.index > next) throw new RangeError(`entry ${first.index} would leave a gap after ${next - 1}`);
  return [...stored.slice(0, Math.max(0, stored.length - (next - first.index))), ...entries];
}

export class MemoryRaftStorage implements RaftStorage {
  private closed = false;

  constructor(readonly disk = new MemoryDisk()) {}

  async initialState(): Promise<StoredState> {
    this.assertOpen();
    return this.disk.read();
  }

  async bootstrap(configuration: Founders): Promise<void> {
    this.assertOpen();
    this.disk.save(genesisWrite(this.disk.read(), configuration));
  }

  async save(write: RaftWrite): Promise<void> {
    this.assertOpen();
    this.disk.save(write);
  }

  async compact(snapshot: Snapshot, point: number): Promise<void> {
    this.assertOpen();
    this.disk.compact(snapshot, point);
  }

  async close(): Promise<void> {
    this.closed = true;
  }

  private assertOpen(): void {
    if (this.closed) throw new ConsensusError("STOPPED", "this Raft storage is closed");
  }
}
