/** The ring of decisions that the state itself keeps, and the entries in it. */
import type { Certificate } from "../types.js";
import { withinBytes } from "./bounds.js";
import type { EntryMeta } from "./outcome.js";
import { type ControlState, HISTORY_MAX, type HistoryEntry } from "./state.js";

/** An entry about nothing yet: what happened is for the caller to fill in. */
export function entry(meta: EntryMeta, atMs: number): Omit<HistoryEntry, "type"> {
  return {
    index: meta.index,
    term: meta.term,
    atMs,
    session: null,
    round: null,
    height: null,
    version: null,
    contributors: [],
    rejected: [],
    signers: [],
    reason: null,
  };
}

/** What a certificate decided, and who signed it. */
export function decisionEntry(
  { decision, votes }: Certificate,
  atMs: number,
  meta: EntryMeta,
): Omit<HistoryEntry, "type"> {
  return {
    ...entry(meta, atMs),
    session: decision.session,
    round: decision.round,
    height: decision.height,
    version: decision.result.hash,
    contributors: decision.updates.map((u) => u.peer),
    rejected: [...decision.rejected],
    signers: votes.map((v) => v.peer),
  };
}

/** With `added` as the newest entry; the oldest may be forgotten for it. */
export function record(state: ControlState, added: HistoryEntry): ControlState {
  return {
    ...state,
    history: withinBytes([...state.history, added].slice(-HISTORY_MAX)),
    historyTotal: state.historyTotal + 1,
  };
}
