/** What a voter demands of a leader's proposal, before and after it has recomputed it. */
import { consume } from "../lanes/index.js";
import type { Cursor } from "../types.js";
import { updateFault } from "./check.js";
import type { AnnouncedUpdate, RoundAggregation, RoundContext, RoundProposal } from "./types.js";

type Rejected = RoundProposal["rejected"];

/** Where the data stands once these updates are committed: each author's first `steps` batches of its lane are done. */
export function cursorAfter(context: RoundContext, updates: readonly AnnouncedUpdate[]): Cursor {
  return consume(context.cursor, context.lanes, new Map(updates.map((u) => [u.peer, u.steps])));
}

/** Everything that a voter has to recompute: a rejection is a claim of the leader like any other. */
export function recomputedOf({ updates, excluded }: RoundProposal): AnnouncedUpdate[] {
  return [...updates, ...excluded];
}

/** Why a proposal needs no recomputation to be refused, or null. */
export function proposalFault(context: RoundContext, proposal: RoundProposal): string | null {
  const all = recomputedOf(proposal);
  for (const update of all) {
    const fault = updateFault(update, context);
    if (fault !== null) return `update of ${update.peer}: ${fault}`;
  }
  if (new Set(all.map((u) => u.peer)).size < all.length) return "it names two updates of one peer";
  const rejected = peersOf(proposal.rejected);
  return rejected.join() === peersOf(proposal.excluded).join()
    ? null
    : "the updates that it rejects are not the ones that it shows";
}

/** Why this node's own result for the same updates is not the proposal's, or null. */
export function disagreement(
  context: RoundContext,
  proposal: RoundProposal,
  result: RoundAggregation,
): string | null {
  const verdicts = verdictsFault(proposal, result);
  if (verdicts !== null) return verdicts;
  if (result.ref.hash !== proposal.result.hash) {
    return `this node computed ${result.ref.hash}, the proposal says ${proposal.result.hash}`;
  }
  if (result.ref.bytes !== proposal.result.bytes || result.ref.chunkRoot !== proposal.result.chunkRoot) {
    return "the proposal's chunk root or size is not that of the result";
  }
  const cursor = cursorAfter(context, proposal.updates);
  return JSON.stringify(cursor) === JSON.stringify(proposal.cursor)
    ? null
    : "the proposal's data cursor is wrong";
}

/** The reasons are part of what is signed; they follow from the payload alone. */
function verdictsFault({ updates, rejected }: RoundProposal, result: RoundAggregation): string | null {
  const mine = reasonsOf(result.rejected);
  const theirs = reasonsOf(rejected);
  for (const { peer } of updates) {
    if (mine.has(peer)) return `this node rejects the update of ${peer}: ${mine.get(peer)}`;
  }
  for (const [peer, reason] of theirs) {
    if (!mine.has(peer)) return `this node counts the update of ${peer}, the proposal rejects it`;
    if (mine.get(peer) !== reason)
      return `this node rejects the update of ${peer} for another reason: ${mine.get(peer)}`;
  }
  return null;
}

function peersOf(list: readonly { readonly peer: string }[]): string[] {
  return list.map(({ peer }) => peer).sort();
}

function reasonsOf(rejected: Rejected): Map<string, string> {
  return new Map(rejected.map(({ peer, reason }) => [peer, reason]));
}
