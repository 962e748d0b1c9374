/** Where a Raft node keeps what it must not forget. */
import type { Configuration, Entry, HardState, Snapshot, StoredState } from "../raft/types.js";

/** The part of a `Ready` that is written. */
export interface RaftWrite {
  readonly hardState: HardState | null;
  readonly snapshot: Snapshot | null;
  readonly entries: readonly Entry[];
  readonly mustSync: boolean;
}

/** Writes are done in the order of the calls, each of them as a whole or not at all. */
export interface RaftStorage {
  /**
   * Everything stored; term 0 and nothing else for a node that never belonged to a swarm.
   * @throws ConsensusError `STORAGE_CORRUPT` naming the record
   */
  initialState(): Promise<StoredState>;
  /**
   * Founds a swarm: a snapshot at index 1 and term 1 with these members and no data, the same on every founder.
   * @throws ConsensusError `CONFIG_INVALID` when something is stored already, or the configuration is not one
   */
  bootstrap(configuration: Pick<Configuration, "voters" | "learners">): Promise<void>;
  /** On the disk when this resolves if `mustSync`, else in order with what is. A snapshot replaces the whole log. */
  save(write: RaftWrite): Promise<void>;
  /** Keeps the newer of the stored and the given snapshot; drops the entries up to `point` (at most its index). */
  compact(snapshot: Snapshot, point: number): Promise<void>;
  /** Resolves when the last write is done; later calls are refused. Does not close the database underneath. */
  close(): Promise<void>;
}
