/**
 * Checks a model's whole history from its certificates alone: every version was computed and signed by a majority of
 * the voters it names, each starts from the one before, and the voters change hands only in steps that share members.
 *
 * What it cannot know: whether a majority of the voters conspired. Trust in the voters is anchored in the formation.
 */
import type { Hash, Verify } from "../../protocol/types.js";
import type { Certificate } from "../types.js";
import { certificateFault, majorityOf } from "./certificate.js";
import { decisionDigest, decodeCertificate } from "./schemas.js";

export interface LineageReport {
  readonly ok: boolean;
  /** Versions checked, the genesis version included. */
  readonly versions: number;
  readonly session: string | null;
  readonly formation: Hash | null;
  /** Hash of the last version. */
  readonly head: Hash | null;
  readonly signatures: number;
  readonly contributors: readonly string[];
  readonly problems: readonly string[];
}

const MAX_PROBLEMS = 20;

/** @param records encoded certificates in order of height, from 0. Never throws for what is in them. */
export function verifyLineage(records: Iterable<Uint8Array>, verify: Verify): LineageReport {
  const problems: string[] = [];
  const contributors = new Set<string>();
  let previous: Certificate | null = null;
  let versions = 0;
  let signatures = 0;
  for (const bytes of records) {
    const at = `height ${versions}`;
    let certificate: Certificate;
    try {
      certificate = decodeCertificate(bytes);
    } catch (error) {
      problems.push(`${at}: ${error instanceof Error ? error.message : error}`);
      break;
    }
    const fault = certificateFault(certificate, verify) ?? linkFault(previous, certificate);
    if (fault !== null) problems.push(`${at}: ${fault}`);
    if (problems.length >= MAX_PROBLEMS) break;
    for (const update of certificate.decision.updates) contributors.add(update.peer);
    signatures += certificate.votes.length;
    previous = certificate;
    versions += 1;
  }
  if (versions === 0 && problems.length === 0) problems.push("the lineage is empty");
  return {
    ok: problems.length === 0,
    versions,
    session: previous?.decision.session ?? null,
    formation: previous?.decision.formation ?? null,
    head: previous?.decision.result.hash ?? null,
    signatures,
    contributors: [...contributors].sort(),
    problems,
  };
}

/** What is wrong with `next` as the successor of `previous`, or null. */
export function linkFault(previous: Certificate | null, next: Certificate): string | null {
  const b = next.decision;
  if (previous === null) return b.height === 0 ? null : `the lineage begins at height ${b.height}, not at 0`;
  const a = previous.decision;
  if (b.swarm !== a.swarm || b.formation !== a.formation) return "of another swarm or formation";
  if (b.session !== a.session) return `session ${b.session} follows session ${a.session}`;
  if (b.height !== a.height + 1) return `height ${b.height} follows height ${a.height}`;
  if (b.round <= a.round) return `round ${b.round} follows round ${a.round}`;
  if (b.term < a.term) return `term ${b.term} follows term ${a.term}`;
  if (b.base !== a.result.hash) return `starts from ${b.base}, the version before is ${a.result.hash}`;
  if (b.parent !== decisionDigest(a)) return "its parent is not the decision before";
  if (b.cursor.next < a.cursor.next) return "the data cursor went back";
  const shared = b.voters.filter((v) => a.voters.includes(v)).length;
  // Membership changes one voter at a time, each step sharing a majority with the last. Between two versions several
  // steps may lie, so sharing nobody is the one thing that cannot have happened without an operator's recovery.
  if (shared === 0) return `none of its ${majorityOf(b.voters.length)}+ voters was a voter before`;
  return null;
}
