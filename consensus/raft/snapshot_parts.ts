/** A snapshot in parts: how the sender cuts it, and how the receiver puts it together and verifies it. */
import { hashOf } from "../encoding.js";
import type { SnapshotHead } from "./messages.js";
import type { Snapshot } from "./types.js";

/** Each snapshot is hashed once, however many followers get it. */
const heads = new WeakMap<Snapshot, SnapshotHead>();

export function headOf(snapshot: Snapshot): SnapshotHead {
  const known = heads.get(snapshot);
  if (known !== undefined) return known;
  const { index, term, configuration, data } = snapshot;
  const head = { index, term, configuration, size: data.length, digest: hashOf(data) };
  heads.set(snapshot, head);
  return head;
}

/** What has arrived, from the beginning and without gaps. Takes the memory of the whole snapshot at once. */
export class PartialSnapshot {
  private readonly data: Uint8Array;
  private held = 0;

  constructor(readonly head: SnapshotHead) {
    this.data = new Uint8Array(head.size);
  }

  /** Bytes that are here; the next part begins there. */
  get offset(): number {
    return this.held;
  }

  get isComplete(): boolean {
    return this.held === this.head.size;
  }

  /** Of the same state, whoever sends it: another leader may go on where the last one stopped. */
  isOf(head: SnapshotHead): boolean {
    const { index, term, digest, size } = this.head;
    return index === head.index && term === head.term && digest === head.digest && size === head.size;
  }

  /** A part that is not the next one, or that is damaged, changes nothing. */
  take(offset: number, data: Uint8Array, digest: string): void {
    if (offset !== this.held || offset + data.length > this.head.size || hashOf(data) !== digest) return;
    this.data.set(data, offset);
    this.held += data.length;
  }

  /** @returns null when the whole is not what the head says, though each part was */
  finish(): Snapshot | null {
    const { index, term, configuration, digest } = this.head;
    if (hashOf(this.data) !== digest) return null;
    return { index, term, configuration, data: this.data };
  }
}
