/**
 * What a voter must not forget, kept a second time outside LevelDB: its term, its vote, and where its log ends.
 *
 * LevelDB reads its journal leniently: a record whose checksum fails is passed over at open, together with what shares
 * its block, without an error. A voter that lost its last records this way would vote a second time in one term, or for
 * a candidate without the entries that it acknowledged. So every batch that changes any of this carries the pledge of
 * the state after it, numbered, and once a synced batch is on the disk the same pledge is written here. At open, what is
 * in the database must agree with its own pledge, and must not be behind this one.
 *
 * The file is written after the database, never before, so a crash in between leaves it behind, which is no damage; and
 * before anything is sent, so nothing was promised that it does not know of. Two slots are used in turn: a write that is
 * torn by a crash leaves the other slot, which is then the last one that counted.
 */
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { dirname } from "node:path";
import { z } from "zod";
import { amnesia, decodeRecord, encodeRecord } from "./record.js";

const natural = z.number().int().min(0);

export const pledgeSchema = z.strictObject({
  /** Of the batch; each has one more than the one before. */
  seq: natural,
  term: natural,
  votedFor: z.string().nullable(),
  lastIndex: natural,
  lastTerm: natural,
});
export type Pledge = z.infer<typeof pledgeSchema>;

/** Slots lie in different sectors, so that a torn write of one leaves the other alone. */
const SLOT_BYTES = 4096;
const SLOTS = 2;
/** Of a slot: the record's length, big-endian, then the record. */
const LENGTH_BYTES = 2;
const KEY = "pledge file";

/** Where the pledge is kept; another one than a file where the disk is simulated. */
export interface PledgeKeeper {
  readonly path: string;
  /** As of the opening; null when nothing was ever kept. */
  readonly last: Pledge | null;
  /** Durable when it resolves. */
  write(pledge: Pledge): Promise<void>;
  close(): Promise<void>;
}

export class PledgeFile implements PledgeKeeper {
  private constructor(
    readonly path: string,
    private readonly file: FileHandle,
    /** The newest that can be read; null in a file that is new. */
    readonly last: Pledge | null,
  ) {}

  /** @throws ConsensusError `STORAGE_CORRUPT` when no slot can be read */
  static async open(path: string): Promise<PledgeFile> {
    const file = await open(path, constants.O_RDWR | constants.O_CREAT, 0o600);
    try {
      const slots = await readSlots(file);
      if (slots === null) await create(path, file);
      return new PledgeFile(path, file, slots === null ? null : newest(path, slots));
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** On the disk when it resolves. */
  async write(pledge: Pledge): Promise<void> {
    const record = encodeRecord(KEY, pledge);
    const slot = Buffer.alloc(SLOT_BYTES);
    slot.writeUInt16BE(record.length);
    slot.set(record, LENGTH_BYTES);
    await this.file.write(slot, 0, SLOT_BYTES, (pledge.seq % SLOTS) * SLOT_BYTES);
    await this.file.datasync();
  }

  close(): Promise<void> {
    return this.file.close();
  }
}

/**
 * @param stored the database's own; null when it holds none
 * @throws ConsensusError `STORAGE_CORRUPT` when the database is behind the file, or is not what the file says
 */
export function checkAgainst({ last, path }: PledgeKeeper, stored: Pledge | null): void {
  if (last === null || (stored !== null && stored.seq > last.seq)) return;
  if (stored !== null && same(stored, last)) return;
  const is = stored === null ? "nothing" : `${textOf(stored)}`;
  throw amnesia(
    `the database has lost what this node had written: it holds ${is}, and ${path} says ${textOf(last)}`,
    { path },
  );
}

export function same(a: Pledge, b: Pledge): boolean {
  return (
    a.seq === b.seq &&
    a.term === b.term &&
    a.votedFor === b.votedFor &&
    a.lastIndex === b.lastIndex &&
    a.lastTerm === b.lastTerm
  );
}

export function textOf({ seq, term, votedFor, lastIndex, lastTerm }: Pledge): string {
  return `write ${seq} (term ${term}, vote ${votedFor ?? "none"}, log up to ${lastIndex} of term ${lastTerm})`;
}

/** @returns null for a file that never held anything */
async function readSlots(file: FileHandle): Promise<(Pledge | null)[] | null> {
  const bytes = Buffer.alloc(SLOTS * SLOT_BYTES);
  const { bytesRead } = await file.read(bytes, 0, bytes.length, 0);
  if (bytes.subarray(0, bytesRead).every((byte) => byte === 0)) return null;
  return Array.from({ length: SLOTS }, (_, i) =>
    readSlot(bytes.subarray(i * SLOT_BYTES, (i + 1) * SLOT_BYTES)),
  );
}

function readSlot(slot: Buffer): Pledge | null {
  const length = slot.readUInt16BE();
  if (length > SLOT_BYTES - LENGTH_BYTES) return null;
  try {
    return decodeRecord(pledgeSchema, KEY, slot.subarray(LENGTH_BYTES, LENGTH_BYTES + length));
  } catch {
    return null;
  }
}

function newest(path: string, slots: readonly (Pledge | null)[]): Pledge {
  const best = slots.reduce((a, b) => (a === null || (b !== null && b.seq > a.seq) ? b : a));
  if (best === null) throw amnesia(`${path} is damaged: neither of its slots can be read`, { path });
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
