/**
 * A session is paused and resumed. Pausing takes effect at its entry in the log: the open round is given up for the next
 * number, so that from that index on no version of it can be committed, whoever leads, and a certificate for it that
 * comes too late is refused as one for any other closed round. That needs no leader to end the round first, which may
 * be what keeps an operator from waiting; it costs the work of that one round, and no data, since the cursor stays.
 */
import type { CommandOf } from "./commands.js";
import { entry, record } from "./history.js";
import { type Applied, done, type EntryMeta, refuse } from "./outcome.js";
import type { ControlState, SessionState } from "./state.js";

export function pauseSession(
  state: ControlState,
  { id, reason, atMs }: CommandOf<"session.pause">,
  meta: EntryMeta,
): Applied {
  const session = state.session;
  // Whoever proposed it may have missed that it was committed, and proposed it again.
  if (session?.id === id && session.status === "paused") return done(state);
  if (session?.id !== id || !["initializing", "running"].includes(session.status))
    return refuse(state, "SESSION_NOT_FOUND", `session ${id} is not running`);
  const paused: SessionState = { ...session, status: "paused", round: session.round + 1, reason };
  return changed(state, paused, reason === null ? "paused" : `paused: ${reason}`, atMs, meta);
}

/** The next round opens with those who took part in the last one; who of them has gone, it does not wait for. */
export function resumeSession(
  state: ControlState,
  { id, atMs }: CommandOf<"session.resume">,
  meta: EntryMeta,
): Applied {
  const session = state.session;
  if (session?.id === id && ["initializing", "running"].includes(session.status)) return done(state);
  if (session?.id !== id || session.status !== "paused")
    return refuse(state, "SESSION_NOT_FOUND", `session ${id} is not paused`);
  const resumed: SessionState = {
    ...session,
    status: session.version === null ? "initializing" : "running",
    // Somebody has looked at it: what failed before does not count against it any more.
    failuresInARow: 0,
    roundOpenedAtMs: atMs,
    reason: null,
  };
  return changed(state, resumed, "resumed", atMs, meta);
}

function changed(
  state: ControlState,
  session: SessionState,
  reason: string,
  atMs: number,
  meta: EntryMeta,
): Applied {
  const { id: name, height, version } = session;
  const fact = { ...entry(meta, atMs), session: name, height: version === null ? null : height, reason };
  return done(record({ ...state, session }, { ...fact, type: "session" }));
}
