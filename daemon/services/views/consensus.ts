/** Consensus: where this node's log stands, who votes, and what has been decided. */
import type { ControlState, HistoryEntry } from "../../../consensus/control/index.js";
import { majorityOf } from "../../../consensus/votes/index.js";
import type { RaftSnapshot, SwarmSnapshot } from "../source.js";
import { isoTime, nameOf, presenceOf } from "./common.js";
import { currentSession, isRoundOpen } from "./training.js";

export interface ConsensusMemberView {
  readonly id: string;
  readonly name: string | null;
  readonly alive: boolean;
}

export interface ConsensusStatusView {
  readonly swarm_id: string;
  /** Hash of the swarm's genesis record: two swarms with one name differ in it. Null before the swarm is formed. */
  readonly formation: string | null;
  /** This node's part in it. */
  readonly role: RaftSnapshot["role"] | "none";
  readonly term: number | null;
  readonly leader: string | null;
  readonly leader_name: string | null;
  readonly commit_index: number | null;
  readonly applied_index: number | null;
  readonly last_index: number | null;
  readonly snapshot_index: number | null;
  readonly quorum: {
    readonly voters: number;
    readonly needed: number;
    /** Voters that this node has heard lately, itself included. */
    readonly alive: number;
    readonly reachable: boolean;
  };
  readonly voters: readonly ConsensusMemberView[];
  readonly learners: readonly ConsensusMemberView[];
  readonly session_id: string | null;
  readonly round: number | null;
  readonly height: number | null;
  readonly model_hash: string | null;
  /** Entries ever put into the history. */
  readonly decisions: number;
}

export interface DecisionView {
  readonly index: number;
  readonly term: number;
  readonly at: string | null;
  readonly type: HistoryEntry["type"];
  readonly session_id: string | null;
  readonly round: number | null;
  readonly height: number | null;
  readonly model_hash: string | null;
  readonly contributors: readonly string[];
  readonly rejected: readonly { readonly peer: string; readonly reason: string }[];
  readonly signers: readonly string[];
  readonly reason: string | null;
}

export interface HistoryView {
  readonly decisions: readonly DecisionView[];
  /** Entries ever made; the latest of them are kept, the certificates of all versions always. */
  readonly total: number;
  readonly kept: number;
  /** Pass it as `before` for the next page; null: this was the last one. */
  readonly next_before: number | null;
}

export function consensusStatusView(snapshot: SwarmSnapshot): ConsensusStatusView {
  const { control, raft } = snapshot;
  const presence = presenceOf(snapshot);
  const memberView = (peer: string): ConsensusMemberView => ({
    id: peer,
    name: nameOf(peer, presence, control),
    alive: peer === snapshot.self.peer || presence.get(peer)?.alive === true,
  });
  const voters = (control?.voters ?? []).map(memberView);
  const session = currentSession(control);
  return {
    swarm_id: snapshot.swarm,
    formation: control?.formation ?? null,
    role: raft?.role ?? "none",
    term: raft?.term ?? null,
    leader: raft?.leader ?? null,
    leader_name: raft?.leader ? nameOf(raft.leader, presence, control) : null,
    commit_index: raft?.commitIndex ?? null,
    applied_index: raft?.appliedIndex ?? null,
    last_index: raft?.lastIndex ?? null,
    snapshot_index: raft?.snapshotIndex ?? null,
    quorum: quorumOf(voters),
    voters,
    learners: (control?.learners ?? []).map(memberView),
    session_id: session?.id ?? null,
    round: session !== null && isRoundOpen(session) ? session.round : null,
    height: session?.version ? session.height : null,
    model_hash: session?.version?.hash ?? null,
    decisions: control?.historyTotal ?? 0,
  };
}

/** Latest first, a page of at most `limit` entries with an index below `before`. */
export function historyView(
  control: ControlState | null,
  { limit, before }: { readonly limit: number; readonly before: number | null },
): HistoryView {
  const entries = control?.history ?? [];
  const end = before === null ? entries.length : lowerBound(entries, before);
  let start = Math.max(0, end - limit);
  // Entries of one index stay on one page: `before` cannot point between them.
  while (start > 0 && start < end && entries[start - 1]?.index === entries[start]?.index) start -= 1;
  return {
    decisions: entries.slice(start, end).reverse().map(decisionView),
    total: control?.historyTotal ?? 0,
    kept: entries.length,
    next_before: start > 0 ? (entries[start]?.index ?? null) : null,
  };
}

/** First position whose index is not below `index`. */
function lowerBound(entries: readonly HistoryEntry[], index: number): number {
  const found = entries.findIndex((e) => e.index >= index);
  return found < 0 ? entries.length : found;
}

function quorumOf(voters: readonly ConsensusMemberView[]): ConsensusStatusView["quorum"] {
  const alive = voters.filter((v) => v.alive).length;
  const needed = voters.length === 0 ? 0 : majorityOf(voters.length);
  return { voters: voters.length, needed, alive, reachable: voters.length > 0 && alive >= needed };
}

function decisionView(entry: HistoryEntry): DecisionView {
  return {
    index: entry.index,
    term: entry.term,
    at: isoTime(entry.atMs),
    type: entry.type,
    session_id: entry.session,
    round: entry.round,
    height: entry.height,
    model_hash: entry.version,
    contributors: entry.contributors,
    rejected: entry.rejected,
    signers: entry.signers,
    reason: entry.reason,
  };
}
