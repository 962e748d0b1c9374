/** What the control state forgets, so that its snapshot always fits `MAX_SNAPSHOT_BYTES`; the same on every node. */
import { HISTORY_TEXT_BYTES_MAX, type HistoryEntry, type SessionState } from "./state.js";

/** Gaps in the data of a session that is over. */
const PAST_HOLES_MAX = 64;

/** Entries never change, so each is measured once; a cache, not state. */
const measured = new WeakMap<HistoryEntry, number>();

/** From the newest back, entries keep their names while these fit; the older ones keep what happened. */
export function withinBytes(history: readonly HistoryEntry[]): HistoryEntry[] {
  const kept = [...history];
  let bytes = 0;
  for (let i = kept.length - 1; i >= 0; i--) {
    const entry = kept[i] as HistoryEntry;
    bytes += bytesOf(entry);
    // Those before it are trimmed already.
    if (entry.trimmed) break;
    if (bytes > HISTORY_TEXT_BYTES_MAX) kept[i] = trimmed(entry);
  }
  return kept;
}

/** A session that is over: what was reached, not who was to train on what next. */
export function inShort(session: SessionState): SessionState {
  return {
    ...session,
    participants: [],
    cursor: fewHoles(session.cursor),
    evaluations: session.evaluations.slice(-1),
  };
}

/** As many batches done and left out as before; where the last of many gaps were, nobody asks any more. */
function fewHoles({ next, holes }: SessionState["cursor"]): SessionState["cursor"] {
  if (holes.length <= PAST_HOLES_MAX) return { next, holes };
  const rest = holes.slice(PAST_HOLES_MAX - 1).reduce((sum, [from, to]) => sum + (to - from), 0);
  return { next, holes: [...holes.slice(0, PAST_HOLES_MAX - 1), [next - rest, next]] };
}

function trimmed(entry: HistoryEntry): HistoryEntry {
  return { ...entry, contributors: [], signers: [], rejected: [], trimmed: true };
}

function bytesOf(entry: HistoryEntry): number {
  const known = measured.get(entry);
  if (known !== undefined) return known;
  const { contributors, signers, rejected } = entry;
  const texts = [...contributors, ...signers, ...rejected.flatMap(({ peer, reason }) => [peer, reason])];
  // CBOR's framing: at most 3 bytes for a text this long, 13 for a map of the two keys.
  const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text) + 3, 16 * rejected.length);
  measured.set(entry, bytes);
  return bytes;
}
