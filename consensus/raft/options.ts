/** The core's settings: every default stands here, every rule between two of them as well. */
import { z } from "zod";
import { ConsensusError } from "../errors.js";
import { MAX_RAFT_MESSAGE_BYTES } from "./messages.js";
import type { RaftOptions } from "./types.js";

const MIB = 1024 * 1024;
/** Left of a message for everything that is not data. */
export const MESSAGE_MARGIN_BYTES = 2 * MIB;
const MAX_DATA_BYTES = MAX_RAFT_MESSAGE_BYTES - MESSAGE_MARGIN_BYTES;

export const raftOptionsShape = {
  electionTicks: z.number().int().min(3).max(1000).default(10),
  heartbeatTicks: z.number().int().min(1).max(100).default(1),
  snapshotRetryTicks: z.number().int().min(1).max(10_000).default(50),
  maxEntryBytes: z
    .number()
    .int()
    .min(1024)
    .max(MAX_DATA_BYTES)
    .default(4 * MIB),
  maxAppendBytes: z.number().int().min(1024).max(MAX_DATA_BYTES).default(MIB),
  maxAppendEntries: z.number().int().min(1).max(10_000).default(1024),
  maxInflightAppends: z.number().int().min(1).max(1024).default(32),
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

/** The rules that hold between two options. */
export function checkRaftOptions<T extends RaftOptions>(options: T): T {
  const { electionTicks, heartbeatTicks, maxEntryBytes, maxUncommittedBytes } = options;
  if (electionTicks < 3 * heartbeatTicks) {
    throw new ConsensusError(
      "CONFIG_INVALID",
      `electionTicks is ${electionTicks}, but must be at least 3 × heartbeatTicks (${3 * heartbeatTicks}): one lost heartbeat must not cost an election`,
      { electionTicks, heartbeatTicks },
    );
  }
  if (maxUncommittedBytes < maxEntryBytes) {
    throw new ConsensusError(
      "CONFIG_INVALID",
      `maxUncommittedBytes is ${maxUncommittedBytes}, but must hold at least one entry of maxEntryBytes (${maxEntryBytes})`,
      { maxUncommittedBytes, maxEntryBytes },
    );
  }
  return options;
}
