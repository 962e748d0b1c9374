/**
 * Every certificate this node has applied or fetched: versions by session and height, committees by their number. With
 * the genesis, they are the whole history, which can be shown and checked.
 */
import type {
  Certificate,
  CommitteeCertificate,
  CommitteeStep,
  RecoveryRecord,
} from "../../consensus/types.js";
import {
  decodeCertificate,
  decodeCommitteeStep,
  encodeCertificate,
  encodeCommitteeCertificate,
  encodeRecovery,
} from "../../consensus/votes/index.js";
import type { BytesLevel } from "../store/index.js";

/** Certificates in one answer to a peer that is catching up; a certificate is a few KiB at usual sizes. */
export const LINEAGE_PAGE_MAX = 64;
/** Bytes of certificates in one answer: one of the largest always fits. */
export const LINEAGE_PAGE_BYTES_MAX = 4 * 1024 * 1024;
const DIGITS = 12;

export interface LineageLevels {
  readonly versions: BytesLevel;
  readonly committees: BytesLevel;
}

export class LineageStore {
  private readonly versions: BytesLevel;
  private readonly byNumber: BytesLevel;

  constructor({ versions, committees }: LineageLevels) {
    this.versions = versions;
    this.byNumber = committees;
  }

  /** Durable with the next synced write of the log: it is replayed from there after a crash. */
  async put(certificate: Certificate): Promise<void> {
    const { session, height } = certificate.decision;
    await this.versions.put(keyOf(session, height), encodeCertificate(certificate));
  }

  /** As durable as `put`. */
  async putCommittee(certificate: CommitteeCertificate): Promise<void> {
    await this.byNumber.put(padded(certificate.decision.seq), encodeCommitteeCertificate(certificate));
  }

  /** As durable as `put`. It stands in the chain of committees. */
  async putRecovery(record: RecoveryRecord): Promise<void> {
    await this.byNumber.put(padded(record.decision.seq), encodeRecovery(record));
  }

  async get(session: string, height: number): Promise<Certificate | null> {
    const bytes = await this.versions.get(keyOf(session, height));
    return bytes === undefined ? null : decodeCertificate(bytes);
  }

  async committee(seq: number): Promise<CommitteeStep | null> {
    const bytes = await this.byNumber.get(padded(seq));
    return bytes === undefined ? null : decodeCommitteeStep(bytes);
  }

  /** Encoded certificates from height `to` downwards, as far as they are here and fit one answer. */
  async pageDown(session: string, to: number): Promise<Uint8Array[]> {
    const range = { gte: keyOf(session, 0), lte: keyOf(session, to), reverse: true, limit: LINEAGE_PAGE_MAX };
    const page: Uint8Array[] = [];
    let bytes = 0;
    let expected = to;
    for await (const [key, value] of this.versions.iterator(range)) {
      bytes += value.length;
      if (key !== keyOf(session, expected) || bytes > LINEAGE_PAGE_BYTES_MAX) break;
      page.push(value);
      expected -= 1;
    }
    return page;
  }

  /** Encoded committee certificates from number `from` on, at most one answer's worth. */
  async committees(from: number): Promise<Uint8Array[]> {
    const page: Uint8Array[] = [];
    for await (const [key, value] of this.byNumber.iterator({ gte: padded(from), limit: LINEAGE_PAGE_MAX })) {
      // One that is damaged here is left out by the level.
      if (key !== padded(from + page.length)) break;
      page.push(value);
    }
    return page;
  }

  /** Encoded, from height 0 up to `head`. */
  async *all(session: string, head = Number.MAX_SAFE_INTEGER): AsyncGenerator<Uint8Array> {
    yield* this.versions.values({
      gte: keyOf(session, 0),
      lte: keyOf(session, Math.min(head, 10 ** DIGITS - 1)),
    });
  }

  /** Encoded, in order of their numbers. */
  async *allCommittees(): AsyncGenerator<Uint8Array> {
    yield* this.byNumber.values();
  }

  /** The highest height in [`from`, `below`) that is missing or damaged; null when none is. */
  async highestGap(session: string, from: number, below: number): Promise<number | null> {
    let expected = below - 1;
    if (expected < from) return null;
    const range = { gte: keyOf(session, from), lte: keyOf(session, expected), reverse: true };
    for await (const [key] of this.versions.iterator(range)) {
      if (key !== keyOf(session, expected)) return expected;
      expected -= 1;
    }
    return expected < from ? null : expected;
  }

  /** The newest height that is here; null for none. */
  async highest(session: string): Promise<number | null> {
    const range = { gte: keyOf(session, 0), lte: keyOf(session, 10 ** DIGITS - 1), reverse: true, limit: 1 };
    for await (const key of this.versions.keys(range)) return Number(key.slice(key.lastIndexOf("/") + 1));
    return null;
  }

  async sessions(): Promise<string[]> {
    const names = new Set<string>();
    for await (const key of this.versions.keys()) names.add(key.slice(0, key.lastIndexOf("/")));
    return [...names];
  }
}

function keyOf(session: string, height: number): string {
  return `${session}/${padded(height)}`;
}

function padded(number: number): string {
  return String(number).padStart(DIGITS, "0");
}
