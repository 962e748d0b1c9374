/**
 * The vote by which a committee hands over to the next one. A voter signs only what its own log bears out: the leader
 * of its term asks, its own committee is the one that hands over, and everybody in the new one is a voter of the Raft
 * configuration that it has applied.
 */
import { z } from "zod";
import type { Hash } from "../../protocol/types.js";
import type { Committee, CommitteeDecision } from "../types.js";
import { decisionDigest, hashSchema, naturalSchema } from "./schemas.js";

/** The last committee vote of this node, durable before its signature leaves the node. */
export const handoverRecordSchema = z.object({ seq: naturalSchema, term: naturalSchema, digest: hashSchema });
export type HandoverRecord = z.infer<typeof handoverRecordSchema>;

/** What the voter itself knows at the moment it is asked. */
export interface HandoverView {
  readonly self: string;
  readonly swarm: string;
  readonly formation: Hash;
  readonly term: number;
  readonly leader: string | null;
  readonly committee: Committee;
  /** Of the Raft configuration as applied. */
  readonly voters: readonly string[];
}

/** Why this voter must not sign, or null. */
export function handoverRefusal(
  decision: CommitteeDecision,
  from: string,
  view: HandoverView,
  last: HandoverRecord | null,
): string | null {
  const { committee } = view;
  if (decision.swarm !== view.swarm || decision.formation !== view.formation) return "of another swarm";
  if (!committee.voters.includes(view.self)) return "this node is not in the committee";
  if (decision.term !== view.term) return `term ${decision.term}, this node is in term ${view.term}`;
  if (from !== view.leader) return `${from} is not the leader of term ${view.term}`;
  if (decision.seq !== committee.seq + 1 || decision.parent !== committee.digest) {
    return `committee ${decision.seq}, this node knows of committee ${committee.seq}`;
  }
  if (decision.from.join() !== committee.voters.join()) return "it hands over from another committee";
  const stranger = decision.voters.find((peer) => !view.voters.includes(peer));
  if (stranger !== undefined) return `${stranger} is not a voter of this node's configuration`;
  if (last === null || last.seq < decision.seq) return null;
  if (last.seq > decision.seq || last.term > decision.term) {
    return `this node has signed for committee ${last.seq} in term ${last.term} already`;
  }
  return last.term === decision.term && last.digest !== decisionDigest(decision)
    ? "already signed another committee in this term"
    : null;
}

/** The record to make durable before the signature of `decision` may be sent. */
export function handoverRecordOf(decision: CommitteeDecision): HandoverRecord {
  return { seq: decision.seq, term: decision.term, digest: decisionDigest(decision) };
}
