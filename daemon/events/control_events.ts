/** What a committed change means, as events. Pure: the same change gives the same events. */
import type { ControlState, HistoryEntry, SessionState } from "../../consensus/control/index.js";
import type { Certificate } from "../../consensus/types.js";
import { rounded } from "../services/views/common.js";
import { currentSession } from "../services/views/training.js";
import { EVENT_LIMITS } from "./limits.js";
import { ALERTS, type EventOf } from "./schema.js";

export interface StateChange {
  readonly before: ControlState;
  readonly after: ControlState;
  /** The certificate that this change committed, if it did. */
  readonly version: Certificate | null;
}

/** @param addressOf `host:port` of a node, or null */
export function controlEvents(
  { before, after, version }: StateChange,
  addressOf: (peer: string) => string | null,
): EventOf[] {
  return [
    ...memberEvents(before, after, addressOf),
    ...(version === null ? [] : versionEvents(version)),
    ...sessionEvents(before, after),
    ...newHistory(before, after).flatMap(failureEvents),
  ];
}

function memberEvents(
  before: ControlState,
  after: ControlState,
  addressOf: (peer: string) => string | null,
): EventOf[] {
  if (before.members === after.members) return [];
  const were = new Map(before.members.map((m) => [m.peer, m]));
  const are = new Map(after.members.map((m) => [m.peer, m]));
  const joined = after.members.filter(({ peer }) => !were.has(peer));
  const left = before.members.filter(({ peer }) => !are.has(peer));
  return [
    ...joined.map(({ peer, name }): EventOf => {
      const data = { id: peer, name: name || null, address: addressOf(peer), reason: "admitted" as const };
      return { type: "node_joined", data };
    }),
    ...left.map(({ peer, name }): EventOf => {
      return { type: "node_left", data: { id: peer, name: name || null, reason: "removed" } };
    }),
  ];
}

function versionEvents({ decision, votes }: Certificate): EventOf[] {
  const { session, round, height, term, base, result, updates, rejected } = decision;
  const samples = updates.reduce((sum, u) => sum + u.samples, 0);
  const lossSum = updates.reduce((sum, u) => sum + u.lossNats * u.samples, 0);
  const { namesMax } = EVENT_LIMITS;
  return [
    {
      type: "round_committed",
      data: {
        session_id: session,
        round,
        height,
        term,
        model_hash: result.hash,
        loss: samples === 0 ? null : rounded(lossSum / samples, 6),
        samples,
        contributors: updates.slice(0, namesMax).map((u) => u.peer),
        rejected: rejected.slice(0, namesMax).map(({ peer, reason }) => ({ peer, reason: short(reason) })),
        signers: votes.slice(0, namesMax).map((v) => v.peer),
      },
    },
    {
      type: "model_update",
      data: {
        session_id: session,
        height,
        model_hash: result.hash,
        previous_hash: base,
        bytes: result.bytes,
      },
    },
  ];
}

function sessionEvents(before: ControlState, after: ControlState): EventOf[] {
  const was = currentSession(before);
  const is = currentSession(after);
  const sessions = [is];
  // One may have ended and the next begun in one step.
  if (was !== null && was.id !== is?.id) sessions.unshift(sessionOf(after, was.id));
  return sessions.flatMap((session): EventOf[] => {
    if (session === null) return [];
    const previous = sessionOf(before, session.id)?.status ?? null;
    if (previous === session.status) return [];
    return [
      {
        type: "session_state",
        data: {
          session_id: session.id,
          status: session.status,
          previous,
          height: session.version === null ? null : session.height,
          model_hash: session.version?.hash ?? null,
          reason: session.reason === null ? null : short(session.reason),
        },
      },
    ];
  });
}

function sessionOf({ session, past }: ControlState, id: string): SessionState | null {
  return session?.id === id ? session : (past.find((s) => s.id === id) ?? null);
}

/** Nothing when the state was taken over as a whole: what happened before is not news. */
function newHistory(before: ControlState, after: ControlState): readonly HistoryEntry[] {
  const count = after.historyTotal - before.historyTotal;
  if (count <= 0 || before.index === 0) return [];
  return after.history.slice(-Math.min(count, after.history.length));
}

function failureEvents({ type, session, round, reason }: HistoryEntry): EventOf[] {
  if (type !== "round_failed") return [];
  const message = short(
    `round ${round} of session ${session} made no version: ${reason ?? "no reason known"}`,
  );
  const code = "ROUND_FAILED" as const;
  const details = { session_id: session, round };
  return [{ type: "alert", data: { code, severity: ALERTS[code], message, details } }];
}

function short(text: string): string {
  return text.slice(0, EVENT_LIMITS.reasonChars);
}
