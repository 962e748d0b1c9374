/**
 * A small record in a file of its own, kept beside a database that reads its journal leniently: what was written there
 * last must not be behind it. Of two slots the one that does not hold the newest record is written: a write that is torn
 * by a crash leaves the other, which is then the last one that counted. Whoever writes it does so after the database and before anything is promised, so a
 * crash in between leaves the file behind, which is no damage.
 */
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { basename, dirname } from "node:path";
import type { z } from "zod";
import { decodeRecord, encodeRecord } from "./record.js";

/** Each write has one more than the one before. */
export interface Numbered {
  readonly seq: number;
}

/** Slots lie in different sectors, so that a torn write of one leaves the other alone. */
const SLOT_BYTES = 4096;
const SLOTS = 2;
/** Of a slot: the record's length, big-endian, then the record. */
const LENGTH_BYTES = 2;

export interface SlotFileInit<T> {
  readonly path: string;
  readonly schema: z.ZodType<T>;
  /** The error to throw. */
  readonly damaged: (why: string) => Error;
}

export class SlotFile<T extends Numbered> {
  private readonly key: string;

  private constructor(
    private readonly init: SlotFileInit<T>,
    private readonly file: FileHandle,
    /** The newest that can be read; null in a file that is new. */
    readonly last: T | null,
    /** Where it stands, or what was written since; null until there is something. */
    private newest: number | null,
  ) {
    this.key = keyOf(init.path);
  }

  get path(): string {
    return this.init.path;
  }

  /** Makes the file when it is not there. @throws what `damaged` makes when no slot can be read */
  static async open<T extends Numbered>(init: SlotFileInit<T>): Promise<SlotFile<T>> {
    const file = await open(init.path, constants.O_RDWR | constants.O_CREAT, 0o600);
    try {
      const slots = await readSlots(file, init);
      if (slots.every((slot) => slot === NEVER_WRITTEN)) await create(init.path, file);
      const at = newestOf(slots, init);
      return new SlotFile(init, file, at === null ? null : (slots[at] as T), at);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** On the disk when it resolves. @throws RangeError when it does not fit a slot */
  async write(value: T): Promise<void> {
    const record = encodeRecord(this.key, value);
    if (record.length > SLOT_BYTES - LENGTH_BYTES)
      throw new RangeError(`${this.path}: ${record.length} bytes`);
    const slot = Buffer.alloc(SLOT_BYTES);
    slot.writeUInt16BE(record.length);
    slot.set(record, LENGTH_BYTES);
    const first = this.newest === null;
    // Never over the newest one, wherever an earlier crash has left it: two torn writes in a row would leave none.
    const at = this.newest === 0 ? 1 : 0;
    await this.put(slot, at);
    this.newest = at;
    // The first goes into both: a slot that was never written then tells a torn first write from damage.
    if (first) await this.put(slot, 1);
  }

  private async put(slot: Buffer, at: number): Promise<void> {
    await this.file.write(slot, 0, SLOT_BYTES, at * SLOT_BYTES);
    await this.file.datasync();
  }

  close(): Promise<void> {
    return this.file.close();
  }
}

/** The name in the checksum: one file's slot in another's place is found out. */
const keyOf = (path: string): string => `slot of ${basename(path)}`;

const NEVER_WRITTEN = "never written";

/** Null: it cannot be read. */
type Slot<T> = T | null | typeof NEVER_WRITTEN;

async function readSlots<T>(file: FileHandle, init: SlotFileInit<T>): Promise<Slot<T>[]> {
  const bytes = Buffer.alloc(SLOTS * SLOT_BYTES);
  await file.read(bytes, 0, bytes.length, 0);
  return Array.from({ length: SLOTS }, (_, i) =>
    readSlot(bytes.subarray(i * SLOT_BYTES, (i + 1) * SLOT_BYTES), init),
  );
}

function readSlot<T>(slot: Buffer, { path, schema }: SlotFileInit<T>): Slot<T> {
  if (slot.every((byte) => byte === 0)) return NEVER_WRITTEN;
  const length = slot.readUInt16BE();
  if (length > SLOT_BYTES - LENGTH_BYTES) return null;
  try {
    return decodeRecord(schema, keyOf(path), slot.subarray(LENGTH_BYTES, LENGTH_BYTES + length));
  } catch {
    return null;
  }
}

/** @returns the slot with the newest record; null when nothing was ever written whole */
function newestOf<T extends Numbered>(
  slots: readonly Slot<T>[],
  { path, damaged }: SlotFileInit<T>,
): number | null {
  let best: { readonly at: number; readonly seq: number } | null = null;
  for (const [at, slot] of slots.entries()) {
    if (slot !== null && slot !== NEVER_WRITTEN && (best === null || slot.seq > best.seq))
      best = { at, seq: slot.seq };
  }
  if (best !== null) return best.at;
  // Once the first write has ended, both slots hold something.
  if (slots.includes(NEVER_WRITTEN)) return null;
  throw damaged(`${path} is damaged: neither of its slots can be read`);
}

/** Takes the space at once, so that later writes need none and change the content only. */
async function create(path: string, file: FileHandle): Promise<void> {
  await file.write(Buffer.alloc(SLOTS * SLOT_BYTES), 0, SLOTS * SLOT_BYTES, 0);
  await file.sync();
  const folder = await open(dirname(path), constants.O_RDONLY);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
