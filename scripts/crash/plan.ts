/**
 * What the writer that gets killed writes, as a function of a seed, a number and the state so far: whoever watches can
 * therefore tell, without having been told, what must be found after every write.
 */
import { createHash } from "node:crypto";
import { configurationOf } from "../../consensus/raft/configuration.js";
import type { Entry, Snapshot, StoredState } from "../../consensus/raft/types.js";
import type { RaftWrite } from "../../consensus/storage/index.js";
import { Seeded } from "../../consensus/testing/seeded.js";
import type { HandoverRecord, VoteRecord } from "../../consensus/votes/index.js";
import type { Hash } from "../../protocol/types.js";

const VOTERS = { voters: ["a", "b", "c"], learners: [] };
const ENTRIES_MAX = 8;
const ENTRY_BYTES_MAX = 3000;
/** Some larger than a chunk. */
const BLOB_BYTES_MAX = 600_000;
/** Entries that a snapshot leaves behind. */
const KEEP_ENTRIES = 6;

export type Step =
  | { readonly kind: "bootstrap"; readonly configuration: typeof VOTERS }
  | { readonly kind: "save"; readonly write: RaftWrite }
  | { readonly kind: "compact"; readonly snapshot: Snapshot; readonly point: number }
  | { readonly kind: "vote"; readonly record: VoteRecord }
  | { readonly kind: "handover"; readonly record: HandoverRecord }
  | { readonly kind: "certificate"; readonly key: string; readonly value: Uint8Array }
  | { readonly kind: "blob"; readonly bytes: Uint8Array };

/** @param n from 0, which founds the swarm; @param state of the log after step n - 1 */
export function stepOf(seed: number, n: number, { hardState, snapshot, entries }: StoredState): Step {
  if (n === 0) return { kind: "bootstrap", configuration: VOTERS };
  const random = new Seeded(Math.imul(seed, 0x9e3779b1) + n);
  const last = entries.at(-1)?.index ?? snapshot?.index ?? 0;
  const { term, votedFor, commit } = hardState;
  switch (random.int(10)) {
    case 0:
      return save({ hardState: { term: term + 1, votedFor: random.pick(VOTERS.voters) ?? null, commit } });
    case 1: {
      // A new leader replaces what was not committed.
      const from = Math.max(commit + 1, last - random.int(ENTRIES_MAX));
      return save({
        hardState: { term: term + 1, votedFor: null, commit },
        entries: entriesFrom(Math.min(from, last + 1), term + 1, random),
      });
    }
    case 2: {
      if (commit <= (snapshot?.index ?? 0)) return save({ hardState: { term, votedFor, commit: last } });
      const at = entries.find((entry) => entry.index === commit);
      const data = bytesOf(random, 2000);
      const covers = {
        index: commit,
        term: at?.term ?? term,
        configuration: configurationOf(VOTERS.voters),
        data,
      };
      return { kind: "compact", snapshot: covers, point: commit - KEEP_ENTRIES };
    }
    case 3:
      return { kind: "vote", record: { session: "s1", round: n, term, digest: hashOf(n, "decision") } };
    case 4:
      return random.chance(0.3)
        ? { kind: "handover", record: { seq: n, term, digest: hashOf(n, "committee") } }
        : { kind: "blob", bytes: bytesOf(random, 1 + random.int(BLOB_BYTES_MAX)) };
    case 5:
      return {
        kind: "certificate",
        key: `s1/${String(n).padStart(12, "0")}`,
        value: bytesOf(random, 1 + random.int(ENTRY_BYTES_MAX)),
      };
    default: {
      const behind = last - commit;
      const hard = { term, votedFor, commit: commit + random.int(behind + 1) };
      return save({ hardState: hard, entries: entriesFrom(last + 1, term, random) });
    }
  }
}

function save(parts: Partial<RaftWrite>): Step {
  return { kind: "save", write: { hardState: null, snapshot: null, entries: [], mustSync: true, ...parts } };
}

function entriesFrom(first: number, term: number, random: Seeded): Entry[] {
  return Array.from({ length: 1 + random.int(ENTRIES_MAX) }, (_, i) => ({
    index: first + i,
    term,
    kind: "normal",
    data: bytesOf(random, random.int(ENTRY_BYTES_MAX)),
  }));
}

function bytesOf(random: Seeded, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i += 16) bytes[i] = random.int(256);
  return bytes;
}

function hashOf(n: number, what: string): Hash {
  return `sha256:${createHash("sha256").update(`${what} ${n}`).digest("hex")}`;
}
