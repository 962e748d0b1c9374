/** What a folder must hold after each step of the plan, and what it does hold. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { StoredState } from "../../consensus/raft/types.js";
import { LevelRaftStorage, MemoryRaftStorage } from "../../consensus/storage/index.js";
import type { HandoverRecord, VoteRecord } from "../../consensus/votes/index.js";
import { VoteRecords } from "../../daemon/rounds/vote_records.js";
import { openStore } from "../../daemon/store/index.js";
import type { Hash } from "../../protocol/types.js";
import { type Step, stepOf } from "./plan.js";

/** Of what is in the folder; certificates and blobs as digests. */
export interface Holding {
  readonly raft: StoredState;
  readonly vote: VoteRecord | null;
  readonly handover: HandoverRecord | null;
  readonly certificates: Readonly<Record<string, string>>;
  readonly blobs: readonly Hash[];
}

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

export const raftPledge = (dataDir: string): string => join(dataDir, "raft.pledge");

/** The same steps on storage that no kill can reach. */
export class KillModel {
  private readonly raft = new MemoryRaftStorage();
  private vote: VoteRecord | null = null;
  private handover: HandoverRecord | null = null;
  private readonly certificates = new Map<string, string>();
  private readonly blobs = new Set<Hash>();
  /** Steps that were taken: the next one has this number. */
  next = 0;

  constructor(private readonly seed: number) {}

  /** Takes the steps up to `next`. @returns the last of them */
  async advance(next: number): Promise<void> {
    while (this.next < next) await this.take(await this.peek());
  }

  async peek(): Promise<Step> {
    return stepOf(this.seed, this.next, await this.raft.initialState());
  }

  async holding(): Promise<Holding> {
    return {
      raft: await this.raft.initialState(),
      vote: this.vote,
      handover: this.handover,
      certificates: Object.fromEntries([...this.certificates].sort()),
      blobs: [...this.blobs].sort(),
    };
  }

  private async take(step: Step): Promise<void> {
    this.next += 1;
    switch (step.kind) {
      case "bootstrap":
        return this.raft.bootstrap(step.configuration);
      case "save":
        return this.raft.save(step.write);
      case "compact":
        return this.raft.compact(step.snapshot, step.point);
      case "vote":
        this.vote = step.record;
        return;
      case "handover":
        this.handover = step.record;
        return;
      case "certificate":
        this.certificates.set(step.key, sha256(step.value));
        return;
      case "blob":
        this.blobs.add(`sha256:${sha256(step.bytes)}`);
    }
  }
}

/** As a node reads it at its start, and every blob to its end. @throws what keeps the node from starting */
export async function holdingOf(dataDir: string): Promise<Holding> {
  const store = await openStore(dataDir, {
    logger: { info: () => undefined, warn: (_facts, message) => assertQuiet(message) },
    createIdentity: () => {
      throw new Error("the identity is gone");
    },
  });
  const raft = new LevelRaftStorage(store.raft, raftPledge(dataDir));
  try {
    const votes = await VoteRecords.open(store.meta);
    const certificates: [string, string][] = [];
    for await (const [key, value] of store.lineage.versions.iterator())
      certificates.push([key, sha256(value)]);
    const blobs = store.blobs.list().map(({ hash }) => hash);
    for (const hash of blobs) await store.blobs.verify(hash);
    return {
      raft: await raft.initialState(),
      vote: votes.last,
      handover: votes.lastHandover,
      certificates: Object.fromEntries(certificates),
      blobs: blobs.sort(),
    };
  } finally {
    await raft.close();
    await store.close();
  }
}

/** A kill damages nothing: a store that warns of damage after one has lost something. */
function assertQuiet(message: string): void {
  throw new Error(`after a kill the store warns: ${message}`);
}

/** The parts in which two holdings differ, in words; empty when they are the same. */
export function differences(found: Holding, expected: Holding): string[] {
  const parts = Object.keys(expected) as (keyof Holding)[];
  return parts.filter((part) => !isDeepStrictEqual(found[part], expected[part]));
}
