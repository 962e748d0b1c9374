/**
 * A small record in a file of its own, kept beside a database that reads its journal leniently: what was written there
 * last must not be behind it. Two slots are used in turn: a write that is torn by a crash leaves the other slot, which
 * is then the last one that counted. Whoever writes it does so after the database and before anything is promised, so a
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
      if (slots === null) await create(init.path, file);
      return new SlotFile(init, file, slots === null ? null : newest(slots, init));
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
    await this.file.write(slot, 0, SLOT_BYTES, (value.seq % SLOTS) * SLOT_BYTES);
    await this.file.datasync();
  }

  close(): Promise<void> {
    return this.file.close();
  }
}

/** The name in the checksum: one file's slot in another's place is found out. */
const keyOf = (path: string): string => `slot of ${basename(path)}`;

/** @returns null for a file that never held anything */
async function readSlots<T>(file: FileHandle, init: SlotFileInit<T>): Promise<(T | null)[] | null> {
  const bytes = Buffer.alloc(SLOTS * SLOT_BYTES);
  const { bytesRead } = await file.read(bytes, 0, bytes.length, 0);
  if (bytes.subarray(0, bytesRead).every((byte) => byte === 0)) return null;
  return Array.from({ length: SLOTS }, (_, i) =>
    readSlot(bytes.subarray(i * SLOT_BYTES, (i + 1) * SLOT_BYTES), init),
  );
}

function readSlot<T>(slot: Buffer, { path, schema }: SlotFileInit<T>): T | null {
  const length = slot.readUInt16BE();
  if (length > SLOT_BYTES - LENGTH_BYTES) return null;
  try {
    return decodeRecord(schema, keyOf(path), slot.subarray(LENGTH_BYTES, LENGTH_BYTES + length));
  } catch {
    return null;
  }
}

function newest<T extends Numbered>(slots: readonly (T | null)[], { path, damaged }: SlotFileInit<T>): T {
  const best = slots.reduce((a, b) => (a === null || (b !== null && b.seq > a.seq) ? b : a));
  if (best === null) throw damaged(`${path} is damaged: neither of its slots can be read`);
  return best;
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
