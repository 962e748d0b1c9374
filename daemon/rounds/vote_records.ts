/** The last votes of this node on disk: what keeps a voter from signing two decisions across a crash. */
import type { z } from "zod";
import { fromBytes, toBytes } from "../../consensus/encoding.js";
import {
  type HandoverRecord,
  handoverRecordSchema,
  type VoteRecord,
  voteRecordSchema,
} from "../../consensus/votes/index.js";
import type { MetaStore } from "../swarm/founding.js";

const VOTE_KEY = "last_vote";
const HANDOVER_KEY = "last_handover";
const RECORD_BYTES_MAX = 4096;

export class VoteRecords {
  private constructor(
    private readonly meta: MetaStore,
    private vote: VoteRecord | null,
    private handover: HandoverRecord | null,
  ) {}

  /** @throws ConsensusError `MESSAGE_MALFORMED` when a record on disk is damaged: voting on would not be safe */
  static async open(meta: MetaStore): Promise<VoteRecords> {
    const read = async <T>(key: string, schema: z.ZodType<T>): Promise<T | null> => {
      const bytes = await meta.get(key);
      return bytes === undefined ? null : fromBytes(schema, bytes, "vote record", RECORD_BYTES_MAX);
    };
    return new VoteRecords(
      meta,
      await read(VOTE_KEY, voteRecordSchema),
      await read(HANDOVER_KEY, handoverRecordSchema),
    );
  }

  /** On a version. */
  get last(): VoteRecord | null {
    return this.vote;
  }

  /** On a committee. */
  get lastHandover(): HandoverRecord | null {
    return this.handover;
  }

  /** Durable when it resolves. */
  async save(record: VoteRecord): Promise<void> {
    await this.meta.put(VOTE_KEY, toBytes(record));
    this.vote = record;
  }

  /** Durable when it resolves. */
  async saveHandover(record: HandoverRecord): Promise<void> {
    await this.meta.put(HANDOVER_KEY, toBytes(record));
    this.handover = record;
  }
}
