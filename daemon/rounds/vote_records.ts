/** The last vote of this node on disk: what keeps a voter from signing two decisions across a crash. */
import type { z } from "zod";
import { fromBytes, toBytes } from "../../consensus/encoding.js";
import { type VoteRecord, voteRecordSchema } from "../../consensus/votes/index.js";
import type { MetaStore } from "../swarm/founding.js";

const KEY = "last_vote";
const RECORD_BYTES_MAX = 4096;
const schema: z.ZodType<VoteRecord> = voteRecordSchema;

export class VoteRecords {
  private constructor(
    private readonly meta: MetaStore,
    private current: VoteRecord | null,
  ) {}

  /** @throws ConsensusError `MESSAGE_MALFORMED` when the record on disk is damaged: voting on would not be safe */
  static async open(meta: MetaStore): Promise<VoteRecords> {
    const bytes = await meta.get(KEY);
    const last = bytes === undefined ? null : fromBytes(schema, bytes, "vote record", RECORD_BYTES_MAX);
    return new VoteRecords(meta, last);
  }

  get last(): VoteRecord | null {
    return this.current;
  }

  /** Durable when it resolves. */
  async save(record: VoteRecord): Promise<void> {
    await this.meta.put(KEY, toBytes(record));
    this.current = record;
  }
}
