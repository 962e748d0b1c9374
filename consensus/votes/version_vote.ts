/**
 * One voter's vote on one proposed version, as a pure state machine:
 *
 *     recomputing ──► recording ──► signed
 *          │  ╲           ▲
 *          │   ► awaiting ┘         (approval by hand)
 *          ▼        ▼     ▼
 *               refused
 *
 * What it can never do: sign a version that this node has not recomputed to the same result, whatever the operator says;
 * sign before the record of the vote is durable; leave `signed` or `refused` again. Inputs that do not fit the state
 * change nothing. Time comes in as an argument.
 */
import { type Refusal, refusal } from "./refusal.js";

/** `manual`: a version that was recomputed waits for the operator's word. A policy of each voter for itself. */
export type Approval = "auto" | "manual";

/** What came of this node's own computation of the proposal. */
export type Recomputed =
  | { readonly kind: "matched" }
  | { readonly kind: "differs"; readonly reason: string }
  /** It could not be computed here, or nobody needs it any more. */
  | { readonly kind: "unable"; readonly reason: string };

export type VersionVoteState =
  | { readonly kind: "recomputing" }
  | { readonly kind: "awaiting"; readonly sinceMs: number; readonly untilMs: number }
  /** The record of the vote is being made durable. */
  | { readonly kind: "recording" }
  | { readonly kind: "signed" }
  | { readonly kind: "refused"; readonly matched: boolean; readonly refusal: Refusal };

export type VersionVoteInput =
  | { readonly kind: "recomputed"; readonly result: Recomputed }
  | { readonly kind: "operator"; readonly word: OperatorWord }
  | { readonly kind: "time" }
  /** The round, the term or the committee is another one, or another decision was signed. */
  | { readonly kind: "overtaken"; readonly reason: string }
  /** The record is durable. */
  | { readonly kind: "recorded" };

export interface OperatorWord {
  readonly vote: "approve" | "reject";
  readonly reason: string | null;
}

export interface ApprovalTerms {
  readonly approval: Approval;
  /** How long a version waits for the operator. */
  readonly timeoutMs: number;
}

/** What the driver does when a state is entered: nothing but what the state's name says. */
export const FIRST_STATE: VersionVoteState = { kind: "recomputing" };

/** @returns the state after `input`; the same object when it changes nothing */
export function nextVote(
  state: VersionVoteState,
  input: VersionVoteInput,
  terms: ApprovalTerms,
  nowMs: number,
): VersionVoteState {
  if (state.kind === "signed" || state.kind === "refused") return state;
  switch (input.kind) {
    case "recomputed":
      return state.kind === "recomputing" ? afterRecomputing(input.result, terms, nowMs) : state;
    case "operator":
      return state.kind === "awaiting" ? afterWord(input.word) : state;
    case "time":
      return state.kind === "awaiting" && nowMs >= state.untilMs ? tooLate(state) : state;
    case "overtaken":
      return refused(state.kind !== "recomputing", refusal("voter", input.reason));
    case "recorded":
      return state.kind === "recording" ? { kind: "signed" } : state;
  }
}

/** Whether this node's own computation gave the proposed version; null while, or because, it cannot tell. */
export function isEqual(state: VersionVoteState): boolean | null {
  if (state.kind === "recomputing") return null;
  if (state.kind !== "refused" || state.matched) return true;
  return state.refusal.cause === "proposal" ? false : null;
}

/** Why the operator's word cannot be taken in this state, or null. An equal word given again is fine. */
export function wordFault(state: VersionVoteState, { vote }: OperatorWord): WordFault | null {
  switch (state.kind) {
    case "awaiting":
      return null;
    case "recomputing":
      return { kind: "early", reason: "this node has not finished recomputing it; ask again in a moment" };
    case "recording":
    case "signed":
      return vote === "approve" ? null : { kind: "over", reason: "this node has signed it already" };
    case "refused": {
      const { matched, refusal } = state;
      if (!matched && refusal.cause === "proposal") {
        const reason = `this node recomputed it and gets something else, and no vote makes it sign that: ${refusal.reason}`;
        return { kind: "differs", reason };
      }
      if (vote === "reject") return null;
      return { kind: "over", reason: `this node has refused it already: ${refusal.reason}` };
    }
  }
}

export interface WordFault {
  readonly kind: "early" | "differs" | "over";
  readonly reason: string;
}

function afterRecomputing(
  result: Recomputed,
  { approval, timeoutMs }: ApprovalTerms,
  nowMs: number,
): VersionVoteState {
  if (result.kind === "differs") return refused(false, refusal("proposal", result.reason));
  if (result.kind === "unable") return refused(false, refusal("voter", result.reason));
  if (approval === "auto") return { kind: "recording" };
  return { kind: "awaiting", sinceMs: nowMs, untilMs: nowMs + timeoutMs };
}

function afterWord({ vote, reason }: OperatorWord): VersionVoteState {
  if (vote === "approve") return { kind: "recording" };
  const why = reason === null ? "" : `: ${reason}`;
  return refused(true, refusal("operator", `rejected by this node's operator${why}`));
}

function tooLate({ sinceMs, untilMs }: { sinceMs: number; untilMs: number }): VersionVoteState {
  const waited = Math.round((untilMs - sinceMs) / 1000);
  return refused(true, refusal("operator", `this node's operator did not vote within ${waited} s`));
}

function refused(matched: boolean, why: Refusal): VersionVoteState {
  return { kind: "refused", matched, refusal: why };
}
