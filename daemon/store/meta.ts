/**
 * The few records of the node itself: its swarm's genesis, what it promised while it was founded, its last votes. A
 * node that has forgotten one of them could sign twice, so they are guarded as Raft's are
 * (`consensus/storage/pledge.ts`): every write puts a seal over all of them beside the record, numbered, and then the
 * same seal into a file. What is found at a start must be what was sealed, and not behind the file.
 */
import { createHash } from "node:crypto";
import { z } from "zod";
import { fromBytes, toBytes } from "../../consensus/encoding.js";
import { SlotFile } from "../../consensus/storage/index.js";
import { corruptDatabase } from "./corrupt_database.js";
import { type BytesLevel, DURABLE } from "./types.js";

const SEAL_KEY = "seal";
const SEAL_BYTES_MAX = 256;

const sealSchema = z.strictObject({
  /** Of the write; each has one more than the one before. */
  seq: z.number().int().min(0),
  /** Of all records, in hex. */
  digest: z.string().length(64),
});
type Seal = z.infer<typeof sealSchema>;

export class Meta {
  private writing: Promise<unknown> = Promise.resolve();

  private constructor(
    private readonly level: BytesLevel,
    private readonly records: Map<string, Uint8Array>,
    private readonly file: SlotFile<Seal>,
    private seq: number,
  ) {}

  /**
   * @param level checked record by record
   * @param sealPath a file beside the database
   * @param dbPath names the database in errors
   * @throws DaemonError `STORE_CORRUPT`
   */
  static async open(level: BytesLevel, sealPath: string, dbPath: string): Promise<Meta> {
    const records = new Map(await level.iterator().all());
    const bytes = records.get(SEAL_KEY);
    records.delete(SEAL_KEY);
    const seal = bytes === undefined ? null : fromBytes(sealSchema, bytes, "the seal", SEAL_BYTES_MAX);
    const damaged = (why: string) => corruptDatabase(dbPath, `this node's own records: ${why}`);
    if (seal === null ? records.size > 0 : seal.digest !== digestOf(records))
      throw damaged(`the seal is not of the records that are there (${[...records.keys()].join(", ")})`);
    const file = await SlotFile.open({ path: sealPath, schema: sealSchema, damaged });
    try {
      checkAgainst(file, seal, damaged);
      return new Meta(level, records, file, seal?.seq ?? 0);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    return this.records.get(key);
  }

  put(key: string, value: Uint8Array): Promise<void> {
    return this.write((records) => records.set(key, value), { type: "put", key, value });
  }

  delete(key: string): Promise<void> {
    return this.write((records) => records.delete(key), { type: "del", key });
  }

  /** After the last write; closes the file, not the database. */
  async close(): Promise<void> {
    await this.writing;
    await this.file.close();
  }

  /** One after another, since each seal covers all before it. */
  private write(
    change: (records: Map<string, Uint8Array>) => void,
    operation: Parameters<BytesLevel["batch"]>[0][number],
  ): Promise<void> {
    const mine = this.writing.then(async () => {
      const after = new Map(this.records);
      change(after);
      const seal = { seq: this.seq + 1, digest: digestOf(after) };
      await this.level.batch([operation, { type: "put", key: SEAL_KEY, value: toBytes(seal) }], DURABLE);
      change(this.records);
      this.seq = seal.seq;
      await this.file.write(seal);
    });
    this.writing = mine.catch(() => undefined);
    return mine;
  }
}

function checkAgainst(
  { last, path }: SlotFile<Seal>,
  seal: Seal | null,
  damaged: (why: string) => Error,
): void {
  if (last === null || (seal !== null && seal.seq > last.seq)) return;
  if (seal !== null && seal.seq === last.seq && seal.digest === last.digest) return;
  const is = seal === null ? "none" : `write ${seal.seq}`;
  throw damaged(`they are behind what was written last: found is ${is}, and ${path} says write ${last.seq}`);
}

function digestOf(records: ReadonlyMap<string, Uint8Array>): string {
  const hash = createHash("sha256");
  for (const key of [...records.keys()].sort()) hash.update(toBytes([key, records.get(key)]));
  return hash.digest("hex");
}
