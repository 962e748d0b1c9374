/** The core's settings: every default stands here, every rule between two of them as well. */
import { z } from "zod";
import { ConsensusError } from "../errors.js";
import { MAX_CHUNK_BYTES, MAX_RAFT_MESSAGE_BYTES } from "./messages.js";
import type { RaftOptions } from "./types.js";

const MIB = 1024 * 1024;
/** Left of a message for everything that is not data. */
export const MESSAGE_MARGIN_BYTES = 2 * MIB;
const MAX_DATA_BYTES = MAX_RAFT_MESSAGE_BYTES - MESSAGE_MARGIN_BYTES;

export const raftOptionsShape = {
  electionTicks: z.number().int().min(3).max(1000).default(10),
  heartbeatTicks: z.number().int().min(1).max(100).default(1),
  preVote: z.boolean().default(true),
  checkQuorum: z.boolean().default(true),
  reads: z.enum(["safe", "lease"]).default("safe"),
  leaseMarginTicks: z.number().int().min(0).max(1000).default(2),
  maxPendingReads: z.number().int().min(1).max(100_000).default(1024),
  snapshotRetryTicks: z.number().int().min(1).max(10_000).default(50),
  snapshotChunkBytes: z
    .number()
    .int()
    .min(1024)
    .max(MAX_CHUNK_BYTES)
    .default(MIB / 4),
  maxInflightChunks: z.number().int().min(1).max(256).default(8),
  maxEntryBytes: z
    .number()
    .int()
    .min(1024)
    .max(MAX_DATA_BYTES)
    .default(4 * MIB),
  maxAppendBytes: z.number().int().min(1024).max(MAX_DATA_BYTES).default(MIB),
  maxAppendEntries: z.number().int().min(1).max(10_000).default(1024),
  maxInflightAppends: z.number().int().min(1).max(1024).default(32),
  maxInflightBytes: z
    .number()
    .int()
    .min(1024)
    .max(1024 * MIB)
    .default(8 * MIB),
  maxUncommittedBytes: z
    .number()
    .int()
    .min(1024)
    .max(1024 * MIB)
    .default(32 * MIB),
  maxApplyBytes: z
    .number()
    .int()
    .min(1024)
    .max(1024 * MIB)
    .default(MIB),
  maxUnstoredReadys: z.number().int().min(1).max(64).default(2),
  allowBlankVoters: z.boolean().default(false),
};

const schema = z.strictObject(raftOptionsShape);

/** @throws ConsensusError `CONFIG_INVALID` */
export function raftOptions(options: Partial<RaftOptions> = {}): RaftOptions {
  return checkRaftOptions(parseOptions(schema, options));
}

/** @throws ConsensusError `CONFIG_INVALID` naming the option, its value and what would be right */
export function parseOptions<T>(options: z.ZodType<T>, value: unknown): T {
  const parsed = options.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new ConsensusError("CONFIG_INVALID", `raft option ${issue?.path.join(".")}: ${issue?.message}`);
}

interface Rule {
  readonly holds: (options: RaftOptions) => boolean;
  readonly fault: (options: RaftOptions) => string;
}

const RULES: readonly Rule[] = [
  {
    holds: (o) => o.electionTicks >= 3 * o.heartbeatTicks,
    fault: (o) =>
      `electionTicks is ${o.electionTicks}, but must be at least 3 × heartbeatTicks (${3 * o.heartbeatTicks}): one lost heartbeat must not cost an election`,
  },
  {
    holds: (o) => o.maxUncommittedBytes >= o.maxEntryBytes,
    fault: (o) =>
      `maxUncommittedBytes is ${o.maxUncommittedBytes}, but must hold at least one entry of maxEntryBytes (${o.maxEntryBytes})`,
  },
  {
    holds: (o) => o.maxInflightBytes >= o.maxAppendBytes,
    fault: (o) =>
      `maxInflightBytes is ${o.maxInflightBytes}, but must hold at least one append of maxAppendBytes (${o.maxAppendBytes})`,
  },
  {
    holds: (o) => o.reads === "safe" || o.checkQuorum,
    fault: () =>
      'reads is "lease", but checkQuorum is off: without it others may elect a leader at any time, and a lease would be worth nothing. Turn checkQuorum on, or set reads to "safe"',
  },
  {
    holds: (o) => o.reads === "safe" || o.leaseMarginTicks + o.heartbeatTicks + 1 < o.electionTicks,
    fault: (o) =>
      `leaseMarginTicks (${o.leaseMarginTicks}) and heartbeatTicks (${o.heartbeatTicks}) leave nothing of electionTicks (${o.electionTicks}): the lease would be over before the next heartbeat`,
  },
];

/**
 * The rules that hold between two options.
 * @throws ConsensusError `CONFIG_INVALID` saying which do not fit and why
 */
export function checkRaftOptions<T extends RaftOptions>(options: T): T {
  const broken = RULES.find((rule) => !rule.holds(options));
  if (broken !== undefined) throw new ConsensusError("CONFIG_INVALID", broken.fault(options));
  return options;
}
