/** Every certificate this node has applied, by session and height, so that the whole history can be shown and checked. */
import type { AbstractLevel } from "abstract-level";
import type { Certificate } from "../../consensus/types.js";
import { decodeCertificate, encodeCertificate } from "../../consensus/votes/index.js";

export type BytesLevel = AbstractLevel<string | Buffer | Uint8Array, string, Uint8Array>;

/** Certificates in one answer to a peer that is catching up; a certificate is a few KiB at usual sizes. */
export const LINEAGE_PAGE_MAX = 64;
const HEIGHT_DIGITS = 12;

export class LineageStore {
  constructor(private readonly level: BytesLevel) {}

  /** Durable with the next synced write of the log: it is replayed from there after a crash. */
  async put(certificate: Certificate): Promise<void> {
    const { session, height } = certificate.decision;
    await this.level.put(keyOf(session, height), encodeCertificate(certificate));
  }

  async get(session: string, height: number): Promise<Certificate | null> {
    const bytes = await this.level.get(keyOf(session, height));
    return bytes === undefined ? null : decodeCertificate(bytes);
  }

  /** Encoded certificates from `from` on, in order of height. */
  async page(session: string, from: number, limit = LINEAGE_PAGE_MAX): Promise<Uint8Array[]> {
    const pages: Uint8Array[] = [];
    const range = { gte: keyOf(session, from), lt: `${session}/~`, limit: Math.min(limit, LINEAGE_PAGE_MAX) };
    for await (const value of this.level.values(range)) pages.push(value);
    return pages;
  }

  async *all(session: string): AsyncGenerator<Uint8Array> {
    yield* this.level.values({ gte: keyOf(session, 0), lt: `${session}/~` });
  }

  /** The lowest height from which on nothing is missing up to `head`; 0 when the lineage is whole. */
  async firstGap(session: string, head: number): Promise<number | null> {
    let expected = 0;
    for await (const key of this.level.keys({ gte: keyOf(session, 0), lt: `${session}/~` })) {
      if (Number(key.slice(session.length + 1)) !== expected) return expected;
      expected += 1;
    }
    return expected <= head ? expected : null;
  }

  async sessions(): Promise<string[]> {
    const names = new Set<string>();
    for await (const key of this.level.keys()) names.add(key.slice(0, key.lastIndexOf("/")));
    return [...names];
  }
}

function keyOf(session: string, height: number): string {
  return `${session}/${String(height).padStart(HEIGHT_DIGITS, "0")}`;
}
