/**
 * Checks a model's whole history offline, from its records alone. Proved is: the swarm's formation is the hash of the
 * genesis, which names the founders; every later committee was appointed by a majority of the one before it, from the
 * founders on; every version was signed by a majority of the committee of its time, and starts from the one before.
 *
 * A recovery (see `recovery.ts`) breaks that chain: it is reported, and the lineage fails unless it has been accepted.
 *
 * What it cannot know: whether a majority of some committee conspired, now or after it had handed over, and so whether
 * another lineage of the same swarm exists. Whoever compares two heads of one height finds out.
 */
import type { Hash, Verify } from "../../protocol/types.js";
import { formationOf, type Genesis } from "../formation/genesis.js";
import type { Certificate, Committee, CommitteeStep, Decision, RecoveryDecision } from "../types.js";
import { certificateFault } from "./certificate.js";
import { decodeLineageRecord, type LineageRecord } from "./lineage_record.js";
import { committeeAfterStep, isRecovery, recoveryDigest, recoveryPlaceFault, stepFault } from "./recovery.js";
import { decisionDigest } from "./schemas.js";

/** The swarm went on by force here, on one node's word. */
export interface LineageRecovery {
  readonly digest: Hash;
  readonly by: string;
  /** Number of the committee that it made. */
  readonly seq: number;
  readonly from: readonly string[];
  readonly session: string | null;
  readonly height: number | null;
  readonly version: Hash | null;
  readonly atMs: number;
  readonly accepted: boolean;
}

export interface LineageReport {
  readonly ok: boolean;
  /** Versions checked, the genesis version included. */
  readonly versions: number;
  /** Committees checked, the founders included. */
  readonly committees: number;
  readonly recoveries: readonly LineageRecovery[];
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

/**
 * @param records encoded, in the order of `lineage_record.ts`. Never throws for what is in them.
 * @param accepted digests of recoveries; one that is named here accepts those before it
 */
export function verifyLineage(
  records: Iterable<Uint8Array>,
  verify: Verify,
  accepted: readonly string[] = [],
): LineageReport {
  const check = new LineageCheck(verify, accepted);
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

interface Appointed extends Committee {
  /** What made it, when that was a recovery. */
  readonly recovery: RecoveryDecision | null;
}

class LineageCheck {
  private readonly problems: string[] = [];
  private readonly contributors = new Set<string>();
  private genesis: Genesis | null = null;
  private formation: Hash | null = null;
  private committees: Appointed[] = [];
  /** The committee of the last version: later ones may decide what follows, earlier ones may not. */
  private current = 0;
  private previous: Certificate | null = null;
  private versions = 0;
  private signatures = 0;

  constructor(
    private readonly verify: Verify,
    private readonly accepted: readonly string[],
  ) {}

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
    else if ("recovery" in record) this.appoint(record.recovery);
    else this.decide(record.version);
  }

  report(): LineageReport {
    if (this.versions === 0 && this.problems.length === 0) this.problem("the lineage has no version");
    const recoveries = this.recoveries();
    const last = recoveries.at(-1);
    if (last !== undefined && !last.accepted) this.problem(unaccepted(recoveries.filter((r) => !r.accepted)));
    return {
      ok: this.problems.length === 0,
      versions: this.versions,
      committees: this.committees.length,
      recoveries,
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
    this.committees = [{ seq: 0, voters: genesis.voters, digest: null, recovery: null }];
  }

  private appoint(step: CommitteeStep): void {
    const { decision } = step;
    const last = this.committees.at(-1) as Appointed;
    const fault = this.ofThisSwarm(decision) ?? stepFault(step, last, this.verify) ?? this.countFault(step);
    const what = isRecovery(step) ? "recovery at committee" : "committee";
    if (fault !== null) this.problem(`${what} ${decision.seq}: ${fault}`);
    const recovery = isRecovery(step) ? step.decision : null;
    this.committees.push({ ...committeeAfterStep(step), recovery });
    this.signatures += isRecovery(step) ? 1 : step.votes.length;
  }

  private countFault(step: CommitteeStep): string | null {
    if (!isRecovery(step)) return null;
    const before = this.committees.filter((c) => c.recovery !== null).length;
    const { count } = step.decision;
    return count === before + 1 ? null : `recovery ${count} follows recovery ${before}`;
  }

  private recoveries(): LineageRecovery[] {
    const found = this.committees.flatMap(({ recovery }) => (recovery === null ? [] : [recovery]));
    const digests = found.map(recoveryDigest);
    const upTo = digests.findLastIndex((digest) => this.accepted.includes(digest));
    return found.map(({ by, seq, from, session, height, version, atMs }, i) => {
      return {
        digest: digests[i] as Hash,
        by,
        seq,
        from,
        session,
        height,
        version,
        atMs,
        accepted: i <= upTo,
      };
    });
  }

  private decide(certificate: Certificate): void {
    const { decision, votes } = certificate;
    const fault =
      this.ofThisSwarm(decision) ??
      linkFault(this.previous, certificate) ??
      this.committeeOf(decision) ??
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

  /** A recovery can make a committee that there was before: then the version's own place tells which one decided. */
  private committeeOf(decision: Decision): string | null {
    const names = decision.voters.join();
    let fault = "its voters are not a committee that was appointed";
    for (let at = this.current; at < this.committees.length; at++) {
      if (this.committees[at]?.voters.join() !== names) continue;
      const misplaced = this.placeFault(decision, at);
      if (misplaced === null) {
        this.current = at;
        return null;
      }
      fault = misplaced;
    }
    return fault;
  }

  private placeFault(decision: Decision, at: number): string | null {
    for (const [i, { recovery }] of this.committees.entries()) {
      const fault = recovery === null ? null : recoveryPlaceFault(decision, recovery, at < i);
      if (fault !== null) return fault;
    }
    return null;
  }
}

function unaccepted(recoveries: readonly LineageRecovery[]): string {
  const told = recoveries.map(
    ({ digest, by, height }) => `${digest}, by ${by} alone${height === null ? "" : ` at height ${height}`}`,
  );
  return `a majority of the committee was given up by force (${told.join("; ")}): what follows is not certified by the founders' committees. If you trust that, accept the last of them (--accept-recovery)`;
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
