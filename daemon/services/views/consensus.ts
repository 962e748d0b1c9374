/** Consensus: where this node's log stands, who votes, and what has been decided. */
import { z } from "zod";
import {
  type ControlState,
  type HistoryEntry,
  historyEntrySchema,
} from "../../../consensus/control/index.js";
import { majorityOf } from "../../../consensus/votes/index.js";
import type { SwarmSnapshot } from "../source.js";
import { isoTime, nameOf, presenceOf } from "./common.js";
import { currentSession, isRoundOpen } from "./training.js";
import { hashTextSchema, naturalSchema, rejectedSchema, timeSchema, type View } from "./view.js";

export const consensusMemberViewSchema = z
  .object({ id: z.string(), name: z.string().nullable(), alive: z.boolean() })
  .meta({ id: "ConsensusMember", description: "A voter or a learner." });
export type ConsensusMemberView = View<typeof consensusMemberViewSchema>;

const quorumSchema = z.object({
  voters: naturalSchema,
  needed: naturalSchema,
  alive: naturalSchema.describe("Voters that this node has heard lately, itself included."),
  reachable: z.boolean(),
});

export const consensusStatusViewSchema = z
  .object({
    swarm_id: z.string(),
    formation: hashTextSchema
      .nullable()
      .describe(
        "Hash of the swarm's genesis record: two swarms with one name differ in it. Null before the swarm is formed.",
      ),
    role: z
      .enum(["leader", "follower", "candidate", "pre_candidate", "learner", "none"])
      .describe("This node's part in it."),
    term: naturalSchema.nullable(),
    leader: z.string().nullable(),
    leader_name: z.string().nullable(),
    commit_index: naturalSchema.nullable(),
    applied_index: naturalSchema.nullable(),
    last_index: naturalSchema.nullable(),
    snapshot_index: naturalSchema.nullable(),
    quorum: quorumSchema,
    voters: z.array(consensusMemberViewSchema),
    learners: z.array(consensusMemberViewSchema),
    session_id: z.string().nullable(),
    round: naturalSchema.nullable(),
    height: naturalSchema.nullable(),
    model_hash: hashTextSchema.nullable(),
    decisions: naturalSchema.describe("Entries ever put into the history."),
  })
  .meta({ id: "ConsensusStatus", description: "Where this node's log stands, and who votes." });
export type ConsensusStatusView = View<typeof consensusStatusViewSchema>;

export const decisionViewSchema = z
  .object({
    index: naturalSchema,
    term: naturalSchema,
    at: timeSchema,
    type: historyEntrySchema.shape.type,
    session_id: z.string().nullable(),
    round: naturalSchema.nullable(),
    height: naturalSchema.nullable(),
    model_hash: hashTextSchema.nullable(),
    contributors: z.array(z.string()),
    rejected: z.array(rejectedSchema),
    signers: z.array(z.string()),
    reason: z.string().nullable(),
  })
  .meta({ id: "Decision", description: "One entry of the history." });
export type DecisionType = z.output<typeof decisionViewSchema>["type"];
export type DecisionView = View<typeof decisionViewSchema>;

export const historyViewSchema = z
  .object({
    decisions: z.array(decisionViewSchema),
    total: naturalSchema.describe(
      "Entries ever made; the latest of them are kept, the certificates of all versions always.",
    ),
    kept: naturalSchema,
    next_before: naturalSchema
      .nullable()
      .describe("Pass it as `before` for the next page; null: this was the last one."),
  })
  .meta({ id: "History", description: "What has been decided, latest first." });
export type HistoryView = View<typeof historyViewSchema>;

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

/** Latest first, a page of at most `limit` entries of the wanted types with an index below `before`. */
export function historyView(
  control: ControlState | null,
  query: {
    readonly limit: number;
    readonly before: number | null;
    readonly types?: readonly DecisionType[] | null;
  },
): HistoryView {
  const { limit, before, types = null } = query;
  const kept = control?.history ?? [];
  const entries = types === null ? kept : kept.filter((e) => types.includes(e.type));
  const end = before === null ? entries.length : lowerBound(entries, before);
  let start = Math.max(0, end - limit);
  // Entries of one index stay on one page: `before` cannot point between them.
  while (start > 0 && start < end && entries[start - 1]?.index === entries[start]?.index) start -= 1;
  return {
    decisions: entries.slice(start, end).reverse().map(decisionView),
    total: control?.historyTotal ?? 0,
    kept: kept.length,
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
