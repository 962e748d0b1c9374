/**
 * What a voter must not forget, kept a second time outside LevelDB: its term, its vote, and where its log ends.
 *
 * LevelDB reads its journal leniently: a record whose checksum fails is passed over at open, together with what shares
 * its block, without an error. A voter that lost its last records this way would vote a second time in one term, or for
 * a candidate without the entries that it acknowledged. So every batch that changes any of this carries the pledge of
 * the state after it, numbered, and once a synced batch is on the disk the same pledge is written to a file (see
 * `slot_file.ts`). At open, what is in the database must agree with its own pledge, and must not be behind the file.
 */
import { z } from "zod";
import type { Snapshot, StoredState } from "../raft/types.js";
import { anchorOf, linkSchema, sameLink } from "./chain.js";
import { amnesia } from "./record.js";
import { SlotFile } from "./slot_file.js";
import type { RaftWrite } from "./types.js";

const natural = z.number().int().min(0);

export const pledgeSchema = z.strictObject({
  /** Of the batch; each has one more than the one before. */
  seq: natural,
  term: natural,
  votedFor: z.string().nullable(),
  lastIndex: natural,
  lastTerm: natural,
  /** The end of the chain of entries. */
  link: linkSchema,
});
export type Pledge = z.infer<typeof pledgeSchema>;
export type PledgeFile = SlotFile<Pledge>;

export const NO_PLEDGE: Pledge = {
  seq: 0,
  term: 0,
  votedFor: null,
  lastIndex: 0,
  lastTerm: 0,
  link: anchorOf({ index: 0, term: 0 }),
};

/** Where the pledge is kept; another one than a file where the disk is simulated. */
export interface PledgeKeeper {
  readonly path: string;
  /** As of the opening; null when nothing was ever kept. */
  readonly last: Pledge | null;
  /** Durable when it resolves. */
  write(pledge: Pledge): Promise<void>;
  close(): Promise<void>;
}

/** @throws ConsensusError `STORAGE_CORRUPT` when no slot can be read */
export function openPledgeFile(path: string): Promise<PledgeFile> {
  return SlotFile.open({ path, schema: pledgeSchema, damaged: (why) => amnesia(why, { path }) });
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
    a.lastTerm === b.lastTerm &&
    sameLink(a.link, b.link)
  );
}

export function textOf({ seq, term, votedFor, lastIndex, lastTerm, link }: Pledge): string {
  const end = Buffer.from(link).toString("hex").slice(0, 8);
  return `write ${seq} (term ${term}, vote ${votedFor ?? "none"}, log up to ${lastIndex} of term ${lastTerm}, digest ${end})`;
}

/** What the database holds after `write`; the same object when the write changes nothing that counts. */
export function pledgeAfter(before: Pledge, write: RaftWrite, lastIndex: number, link: Uint8Array): Pledge {
  const { hardState, snapshot, entries } = write;
  const after: Pledge = {
    seq: before.seq,
    term: hardState?.term ?? before.term,
    votedFor: hardState === null ? before.votedFor : hardState.votedFor,
    lastIndex,
    lastTerm: entries.at(-1)?.term ?? snapshot?.term ?? before.lastTerm,
    link,
  };
  const changes = entries.length > 0 || snapshot !== null || !same(before, after);
  return changes ? { ...after, seq: before.seq + 1 } : before;
}

/** What is found. @param link the end of the chain; null when there are no entries, whose chain then ends in the pledge alone */
export function pledgeOf(stored: StoredState, link: Uint8Array | null, pledge: Pledge | null): Pledge {
  const { hardState, snapshot, entries } = stored;
  const last = entries.at(-1) ?? snapshot ?? { index: 0, term: 0 };
  const { term, votedFor } = hardState;
  const end = link ?? pledge?.link ?? anchorAt(snapshot);
  return { seq: pledge?.seq ?? 0, term, votedFor, lastIndex: last.index, lastTerm: last.term, link: end };
}

export function anchorAt(snapshot: Snapshot | null): Uint8Array {
  return anchorOf(snapshot ?? { index: 0, term: 0 });
}
