/**
 * One node's disk: it outlives the node's processes. The database is modelled as LevelDB keeps it, one journal for all
 * its parts: a crash loses what was not synced, from some record on to the end, and a record that it cut off is gone as
 * a whole. A batch that was under way may be there or not.
 */
import type { Seeded } from "../../../consensus/testing/seeded.js";
import type { BlobRef, Hash } from "../../../protocol/types.js";

export type Operation =
  | { readonly type: "put"; readonly key: string; readonly value: Uint8Array }
  | { readonly type: "del"; readonly key: string };

export interface Batch {
  readonly part: string;
  readonly operations: readonly Operation[];
  readonly sync: boolean;
}

/** What a batch has replaced, to take it back. */
interface Done {
  readonly part: string;
  readonly before: readonly (readonly [key: string, value: Uint8Array | undefined])[];
}

export interface StoredBlob {
  readonly ref: BlobRef;
  readonly bytes: Uint8Array;
  /** A bit of the file has flipped: found out at the next use. */
  damaged: boolean;
}

/** A slot of the pledge's file; null when a crash has torn it or a bit has flipped. */
export type Slot<T> = T | null | "never written";

/** Synced batches that a lenient journal reader could lose all the same. */
const SYNCED_KEPT = 16;

export class SimDisk<Pledge = unknown> {
  readonly parts = new Map<string, Map<string, Uint8Array>>();
  readonly blobs = new Map<Hash, StoredBlob>();
  readonly pledges: [Slot<Pledge>, Slot<Pledge>] = ["never written", "never written"];
  /** No room: every write fails. */
  full = false;
  /** Times as slow as usual. */
  slowness = 1;
  /** Asked for, not done, oldest first. */
  underWay: Batch[] = [];
  /** The pledge's slot that is being written. */
  slotUnderWay: number | null = null;
  private unsynced: Done[] = [];
  private synced: Done[] = [];

  part(name: string): Map<string, Uint8Array> {
    const known = this.parts.get(name);
    if (known !== undefined) return known;
    const part = new Map<string, Uint8Array>();
    this.parts.set(name, part);
    return part;
  }

  get isEmpty(): boolean {
    return [...this.parts.values()].every((part) => part.size === 0);
  }

  write(batch: Batch): void {
    this.unsynced.push(this.apply(batch));
    if (!batch.sync) return;
    this.synced = [...this.synced, ...this.unsynced].slice(-SYNCED_KEPT);
    this.unsynced = [];
  }

  /** What was written so far stays, whatever happens to later writes. */
  settle(): void {
    this.synced = [];
  }

  /** Power off. @returns what was lost of the writes under way and of those not synced */
  crash(random: Seeded): { readonly lost: number; readonly torn: boolean } {
    const asked = this.underWay.length;
    for (const batch of this.underWay) this.unsynced.push(this.apply(batch));
    this.underWay = [];
    const kept = random.int(this.unsynced.length + 1);
    const lost = this.unsynced.length - kept;
    for (let i = 0; i < lost; i++) this.revert(this.unsynced.pop() as Done);
    this.synced = [...this.synced, ...this.unsynced].slice(-SYNCED_KEPT);
    this.unsynced = [];
    if (this.slotUnderWay !== null) {
      // Before, after or in the middle of it; what it would hold is written when it is done.
      if (random.chance(0.5)) this.pledges[this.slotUnderWay] = null;
      this.slotUnderWay = null;
    }
    return { lost, torn: asked > 0 && lost > 0 };
  }

  /**
   * The journal's reader passes over its last records, back to the last one of `part`, although they were synced.
   * @returns false when no such record is remembered
   */
  loseSynced(part: string): boolean {
    const at = this.synced.findLastIndex((done) => done.part === part);
    if (at < 0) return false;
    for (const done of this.synced.splice(at).reverse()) this.revert(done);
    return true;
  }

  /** @returns the key of the record that is damaged now; null when there is none */
  flipBit(partName: string, random: Seeded): string | null {
    const part = this.part(partName);
    const key = random.pick([...part.keys()].sort());
    const value = key === undefined ? undefined : part.get(key);
    if (key === undefined || value === undefined || value.length === 0) return null;
    const damaged = Uint8Array.from(value);
    const at = random.int(damaged.length);
    damaged[at] = (damaged[at] as number) ^ (1 << random.int(8));
    part.set(key, damaged);
    return key;
  }

  private apply({ part: name, operations }: Batch): Done {
    const part = this.part(name);
    const before = operations.map(({ key }) => [key, part.get(key)] as const);
    for (const operation of operations) {
      if (operation.type === "put") part.set(operation.key, operation.value);
      else part.delete(operation.key);
    }
    return { part: name, before };
  }

  private revert({ part: name, before }: Done): void {
    const part = this.part(name);
    for (const [key, value] of [...before].reverse()) {
      if (value === undefined) part.delete(key);
      else part.set(key, value);
    }
  }
}
