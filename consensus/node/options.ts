/** The driver's settings, with those of the core. */
import { z } from "zod";
import { checkRaftOptions, parseOptions, raftOptionsShape } from "../raft/options.js";
import type { RaftOptions } from "../raft/types.js";

const MIB = 1024 * 1024;

export interface RaftNodeOptions extends RaftOptions {
  readonly tickMs: number;
  /** A snapshot is taken after so many entries or bytes, whichever comes first. */
  readonly snapshotEveryEntries: number;
  readonly snapshotEveryBytes: number;
  /** Entries that stay of the log behind a snapshot, for followers that are a little behind. */
  readonly keepEntries: number;
  /** Bytes of them. */
  readonly keepBytes: number;
  /** Received messages that wait to be processed; beyond, the oldest are dropped. */
  readonly maxInboxMessages: number;
  /** Bytes of them; beyond, the oldest are dropped too. */
  readonly maxInboxBytes: number;
  /** Proposals and waits that are not settled; beyond, OVERLOADED. */
  readonly maxWaiting: number;
}

const schema: z.ZodType<RaftNodeOptions> = z.strictObject({
  ...raftOptionsShape,
  tickMs: z.number().int().min(1).max(60_000).default(100),
  snapshotEveryEntries: z.number().int().min(1).max(1_000_000).default(1000),
  snapshotEveryBytes: z
    .number()
    .int()
    .min(1024)
    .max(1024 * MIB)
    .default(64 * MIB),
  keepEntries: z.number().int().min(0).max(1_000_000).default(500),
  keepBytes: z
    .number()
    .int()
    .min(0)
    .max(1024 * MIB)
    .default(32 * MIB),
  maxInboxMessages: z.number().int().min(16).max(1_000_000).default(4096),
  maxInboxBytes: z
    .number()
    .int()
    .min(20 * MIB)
    .max(1024 * MIB)
    .default(64 * MIB),
  maxWaiting: z.number().int().min(1).max(1_000_000).default(10_000),
});

/** @throws ConsensusError `CONFIG_INVALID` */
export function raftNodeOptions(options: Partial<RaftNodeOptions> = {}): RaftNodeOptions {
  return checkRaftOptions(parseOptions(schema, options));
}
