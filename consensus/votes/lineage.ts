/**
 * Checks a model's whole history offline, from its records alone. Proved is: the swarm's formation is the hash of the
 * genesis, which names the founders; every later committee was appointed by a majority of the one before it, from the
 * founders on; every version was signed by a majority of the committee of its time, and starts from the one before.
 *
 * What it cannot know: whether a majority of some committee conspired, now or after it had handed over, and so whether
 * another lineage of the same swarm exists. Whoever compares two heads of one height finds out.
 */
import type { Hash, Verify } from "../../protocol/types.js";
import { formationOf, type Genesis } from "../formation/genesis.js";
import type { Certificate, Committee, CommitteeCertificate } from "../types.js";
import { certificateFault, committeeAfter, committeeFault } from "./certificate.js";
import { decodeLineageRecord, type LineageRecord } from "./lineage_record.js";
import { decisionDigest } from "./schemas.js";

export interface LineageReport {
  readonly ok: boolean;
  /** Versions checked, the genesis version included. */
  readonly versions: number;
  /** Committees checked, the founders included. */
  readonly committees: number;
  readonly session: string | null;
  readonly formation: Hash | null;
  /** The founders, sorted. */
  readonly founders: readonly string[];
  /** Hash of the last version. */
  readonly head: Hash | null;
  readonly signatures: number;
  readonly contributors: readonly string[];
  readonly problems: readonly string[];
}

const MAX_PROBLEMS = 20;

/** @param records encoded, in the order of `lineage_record.ts`. Never throws for what is in them. */
export function verifyLineage(records: Iterable<Uint8Array>, verify: Verify): LineageReport {
  const check = new LineageCheck(verify);
  let index = 0;
  for (const bytes of records) {
    try {
      check.take(decodeLineageRecord(bytes));
    } catch (error) {
      check.problem(`record ${index}: ${error instanceof Error ? error.message : error}`);
      break;
    }
    if (check.hopeless) break;
    index += 1;
  }
  return check.report();
}

class LineageCheck {
  private readonly problems: string[] = [];
  private readonly contributors = new Set<string>();
  private genesis: Genesis | null = null;
  private formation: Hash | null = null;
  private committees: Committee[] = [];
  /** The committee of the last version: later ones may decide what follows, earlier ones may not. */
  private current = 0;
  private previous: Certificate | null = null;
  private versions = 0;
  private signatures = 0;

  constructor(private readonly verify: Verify) {}

  get hopeless(): boolean {
    return this.problems.length >= MAX_PROBLEMS;
  }

  problem(what: string): void {
    this.problems.push(what);
  }

  take(record: LineageRecord): void {
    if ("genesis" in record) this.found(record.genesis);
    else if (this.genesis === null) throw new Error("the lineage does not begin with a genesis");
    else if ("committee" in record) this.appoint(record.committee);
    else this.decide(record.version);
  }

  report(): LineageReport {
    if (this.versions === 0 && this.problems.length === 0) this.problem("the lineage has no version");
    return {
      ok: this.problems.length === 0,
      versions: this.versions,
      committees: this.committees.length,
      session: this.previous?.decision.session ?? null,
      formation: this.formation,
      founders: this.genesis?.voters ?? [],
      head: this.previous?.decision.result.hash ?? null,
      signatures: this.signatures,
      contributors: [...this.contributors].sort(),
      problems: this.problems,
    };
  }

  private found(genesis: Genesis): void {
    if (this.genesis !== null) throw new Error("a second genesis");
    this.genesis = genesis;
    this.formation = formationOf(genesis);
    this.committees = [{ seq: 0, voters: genesis.voters, digest: null }];
  }

  private appoint(certificate: CommitteeCertificate): void {
    const { decision } = certificate;
    const last = this.committees.at(-1) as Committee;
    const fault = this.ofThisSwarm(decision) ?? committeeFault(certificate, last, this.verify);
    if (fault !== null) this.problem(`committee ${decision.seq}: ${fault}`);
    this.committees.push(committeeAfter(certificate));
    this.signatures += certificate.votes.length;
  }

  private decide(certificate: Certificate): void {
    const { decision, votes } = certificate;
    const fault =
      this.ofThisSwarm(decision) ??
      linkFault(this.previous, certificate) ??
      this.committeeOf(decision.voters) ??
      certificateFault(certificate, this.verify);
    if (fault !== null) this.problem(`height ${this.versions}: ${fault}`);
    for (const update of decision.updates) this.contributors.add(update.peer);
    this.signatures += votes.length;
    this.previous = certificate;
    this.versions += 1;
  }

  private ofThisSwarm(decision: { readonly swarm: string; readonly formation: Hash }): string | null {
    const same = decision.swarm === this.genesis?.swarm && decision.formation === this.formation;
    return same ? null : "of another swarm or formation than the genesis";
  }

  private committeeOf(voters: readonly string[]): string | null {
    const names = voters.join();
    const at = this.committees.findIndex((c, i) => i >= this.current && c.voters.join() === names);
    if (at < 0) return "its voters are not a committee that was appointed";
    this.current = at;
    return null;
  }
}

/** What is wrong with `next` as the successor of `previous`, or null. */
export function linkFault(previous: Certificate | null, next: Certificate): string | null {
  const b = next.decision;
  if (previous === null) return b.height === 0 ? null : `the lineage begins at height ${b.height}, not at 0`;
  const a = previous.decision;
  if (b.session !== a.session) return `session ${b.session} follows session ${a.session}`;
  if (b.height !== a.height + 1) return `height ${b.height} follows height ${a.height}`;
  if (b.round <= a.round) return `round ${b.round} follows round ${a.round}`;
  if (b.term < a.term) return `term ${b.term} follows term ${a.term}`;
  if (b.base !== a.result.hash) return `starts from ${b.base}, the version before is ${a.result.hash}`;
  if (b.parent !== decisionDigest(a)) return "its parent is not the decision before";
  if (b.cursor.next < a.cursor.next) return "the data cursor went back";
  return null;
}
