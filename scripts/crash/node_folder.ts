/** A node's data folder with every kind of record in it, and what is read back from one: for tests that damage it. */
import { join } from "node:path";
import { configurationOf } from "../../consensus/raft/configuration.js";
import type { StoredState } from "../../consensus/raft/types.js";
import type { RaftWrite } from "../../consensus/storage/index.js";
import { LevelRaftStorage } from "../../consensus/storage/index.js";
import { Committee, testHash } from "../../consensus/testing/committee.js";
import {
  committeeAfter,
  encodeCertificate,
  encodeCommitteeCertificate,
  isRecovery,
} from "../../consensus/votes/index.js";
import { DaemonError } from "../../daemon/errors.js";
import { VoteRecords } from "../../daemon/rounds/vote_records.js";
import { hashBytes } from "../../daemon/store/blob_hashing.js";
import { openStore, type Store } from "../../daemon/store/index.js";
import { loadGenesis, saveGenesis } from "../../daemon/swarm/founding.js";
import { LineageStore } from "../../daemon/swarm/lineage_store.js";
import type { BlobWriter } from "../../protocol/blobs/types.js";
import { createIdentity, identityBytes } from "../../protocol/index.js";
import { BLOB_CHUNK_BYTES, type Hash } from "../../protocol/types.js";

const VERSIONS = 6;
const VOTERS = { voters: ["a", "b", "c"], learners: [] };
const BLOBS = [100, BLOB_CHUNK_BYTES + 33].map((bytes, seed) =>
  new Uint8Array(bytes).map((_, i) => i * 31 + (i >>> 8) + seed),
);
/** Two of its three chunks are here when the node goes down. */
const PARTIAL = new Uint8Array(2 * BLOB_CHUNK_BYTES + 77).map((_, i) => i * 17 + (i >>> 8));
/** A damaged download is begun again once. */
const DOWNLOAD_TRIES = 2;
const PEER_KEY = "/peers/a";

/** Everything a node reads from its folder; null for what it says it does not have. */
export interface FolderContent {
  readonly identity: string;
  readonly raft: StoredState;
  readonly genesis: unknown;
  readonly formation: string | null;
  readonly vote: unknown;
  readonly handover: unknown;
  readonly versions: readonly (string | null)[];
  readonly committees: readonly (string | null)[];
  readonly blobs: readonly (string | null)[];
  /** The download when it is complete: as a digest. */
  readonly partial: string;
  readonly peer: string | null;
}

/** What may be missing after damage, since the node fetches it again from others; never another value. */
export const REFETCHED = ["versions", "committees", "blobs", "peer"] as const;

export interface FolderFacts {
  readonly blobs: readonly Hash[];
}

const hex = (bytes: Uint8Array | undefined): string | null =>
  bytes === undefined ? null : Buffer.from(bytes).toString("hex");

function open(dataDir: string, warn: (message: string) => void = () => undefined): Promise<Store> {
  return openStore(dataDir, {
    logger: { info: () => undefined, warn: (_facts, message) => warn(message) },
    createIdentity: () => identityBytes(createIdentity()),
  });
}

const raftOf = (store: Store): LevelRaftStorage =>
  new LevelRaftStorage(store.raft, join(store.dataDir, "raft.pledge"));

const write = (parts: Partial<RaftWrite>): RaftWrite => ({
  hardState: null,
  snapshot: null,
  entries: [],
  mustSync: true,
  ...parts,
});

/** Lives the life of a voter, in two runs, so that some records stand in tables and some in the journal. */
export async function liveInFolder(dataDir: string): Promise<FolderFacts> {
  const committee = new Committee(3);
  const chain = committee.chain(VERSIONS);
  const founders = { seq: 0, voters: committee.names, digest: null };
  const handover = committee.handOver(founders, committee.names.slice(0, 2));
  const back = committee.handOver(committeeAfter(handover), committee.names);
  let blobs: Hash[] = [];
  for (const run of [0, 1]) {
    const store = await open(dataDir);
    const raft = raftOf(store);
    const lineage = new LineageStore(store.lineage);
    const votes = await VoteRecords.open(store.meta);
    if (run === 0) {
      await store.meta.put("formation", new TextEncoder().encode("as the founding left it"));
      await saveGenesis(store.meta, committee.founding);
      await raft.bootstrap(VOTERS);
    } else await raft.initialState();
    const from = run * (VERSIONS / 2);
    for (let i = from; i < from + VERSIONS / 2; i++) {
      const certificate = chain[i];
      if (certificate === undefined) throw new RangeError(`no version ${i}`);
      const { session, round, height } = certificate.decision;
      await votes.save({ session, round, term: 1 + run, digest: testHash(`decision ${height}`) });
      const entry = {
        index: 2 + i,
        term: 1 + run,
        kind: "normal" as const,
        data: encodeCertificate(certificate),
      };
      const hardState = { term: 1 + run, votedFor: "b", commit: 1 + i };
      await raft.save(write({ hardState, entries: [entry] }));
      await lineage.put(certificate);
    }
    await votes.saveHandover({ seq: 1 + run, term: 1 + run, digest: testHash(`committee ${run}`) });
    await lineage.putCommittee(run === 0 ? handover : back);
    await store.libp2p.db.put(PEER_KEY, new TextEncoder().encode("where to find a"), { sync: true });
    if (run === 1) {
      const snapshot = {
        index: 3,
        term: 1,
        configuration: configurationOf(VOTERS.voters),
        data: new Uint8Array(500).fill(7),
      };
      await raft.compact(snapshot, 3);
      await raft.save(write({ hardState: { term: 3, votedFor: "c", commit: VERSIONS } }));
    }
    if (run === 1) {
      const { ref, chunkHashes } = hashBytes(PARTIAL);
      const writer = await store.blobs.writer(ref);
      await writer.setChunkHashes(chunkHashes);
      for (const chunk of [0, 1]) await writer.write(chunk, chunkOf(PARTIAL, chunk));
      await writer.release();
    }
    blobs = [];
    for (const bytes of BLOBS) blobs.push((await store.blobs.put(bytes)).hash);
    await raft.close();
    await store.close();
  }
  return { blobs };
}

const chunkOf = (bytes: Uint8Array, chunk: number): Uint8Array =>
  bytes.subarray(chunk * BLOB_CHUNK_BYTES, (chunk + 1) * BLOB_CHUNK_BYTES);

/** Goes on with the download, from a donor that has it all; begins again with what turns out damaged. */
async function downloaded(store: Store): Promise<string> {
  const { ref, chunkHashes } = hashBytes(PARTIAL);
  for (let tries = 1; ; tries++) {
    try {
      await download(await store.blobs.writer(ref), chunkHashes);
      return hashBytes(await store.blobs.read(ref.hash, 0, ref.bytes)).ref.hash;
    } catch (error) {
      const again = error instanceof DaemonError && error.code === "BLOB_CORRUPT" && tries < DOWNLOAD_TRIES;
      if (!again) throw error;
    }
  }
}

async function download(writer: BlobWriter, chunkHashes: Uint8Array): Promise<void> {
  try {
    await writer.setChunkHashes(chunkHashes);
    for (const chunk of [0, 1, 2]) {
      if (!writer.have.has(chunk)) await writer.write(chunk, chunkOf(PARTIAL, chunk));
    }
    await writer.finish();
  } finally {
    await writer.release();
  }
}

/** As the node's start and its work read it. @throws what keeps the node from starting, or stops it */
export async function readFolder(
  dataDir: string,
  facts: FolderFacts,
  warn?: (message: string) => void,
): Promise<FolderContent> {
  const store = await open(dataDir, warn);
  const raft = raftOf(store);
  try {
    const genesis = await loadGenesis(store.meta);
    const formation = hex(await store.meta.get("formation"));
    const state = await raft.initialState();
    const votes = await VoteRecords.open(store.meta);
    const lineage = new LineageStore(store.lineage);
    const versions: (string | null)[] = [];
    for (let height = 0; height < VERSIONS; height++) {
      const found = await lineage.get("s1", height);
      versions.push(found === null ? null : hex(encodeCertificate(found)));
    }
    const committees: (string | null)[] = [];
    for (const seq of [1, 2]) {
      const found = await lineage.committee(seq);
      const bytes = found === null || isRecovery(found) ? null : encodeCommitteeCertificate(found);
      committees.push(bytes === null ? null : hex(bytes));
    }
    const blobs: (string | null)[] = [];
    for (const [i, hash] of facts.blobs.entries()) {
      const bytes = await store.blobs
        .read(hash, 0, BLOBS[i]?.length ?? 0)
        .catch((error: { code?: string }) => {
          if (error.code === "BLOB_CORRUPT" || error.code === "BLOB_MISSING") return undefined;
          throw error;
        });
      blobs.push(hex(bytes));
    }
    return {
      identity: hex(store.identity) ?? "",
      raft: state,
      genesis,
      formation,
      vote: votes.last,
      handover: votes.lastHandover,
      versions,
      committees,
      blobs,
      partial: await downloaded(store),
      peer: hex(await store.libp2p.db.get(PEER_KEY)),
    };
  } finally {
    await raft.close();
    await store.close();
  }
}
