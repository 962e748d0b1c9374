/**
 * The control state machine: (state, committed entry) → (state, outcome). Pure and total: whatever stands in the log,
 * every node does the same with it; a command that does not fit is refused for the same reason everywhere.
 */
import type { Verify } from "../../protocol/types.js";
import type { Certificate, CommitteeCertificate, CommitteeDecision } from "../types.js";
import { certificateFault, committeeAfter, committeeFault } from "../votes/certificate.js";
import { decisionDigest } from "../votes/schemas.js";
import { inShort, withinBytes } from "./bounds.js";
import type { Command, CommandOf } from "./commands.js";
import type { ControlState, Evaluation, HistoryEntry, SessionState } from "./state.js";
import { EVALUATIONS_MAX, HISTORY_MAX, isActive, MEMBERS_MAX, PAST_SESSIONS_MAX } from "./state.js";

export interface EntryMeta {
  readonly index: number;
  readonly term: number;
}

export type ApplyOutcome =
  | {
      readonly kind: "applied";
      readonly version: Certificate | null;
      readonly committee: CommitteeCertificate | null;
    }
  | { readonly kind: "refused"; readonly code: RefusalCode; readonly reason: string };
export type RefusalCode =
  | "COMMAND_UNKNOWN"
  | "TRAINING_IN_PROGRESS"
  | "SESSION_NOT_FOUND"
  | "ROUND_NOT_OPEN"
  | "CERTIFICATE_INVALID";

export interface Applied {
  readonly state: ControlState;
  readonly outcome: ApplyOutcome;
}

export function applyCommand(
  before: ControlState,
  command: Command,
  meta: EntryMeta,
  verify: Verify,
): Applied {
  const state = { ...before, index: meta.index };
  switch (command.type) {
    case "member.join":
      return done(joinMember(state, command, meta));
    case "committee.change":
      return changeCommittee(state, command, meta, verify);
    case "session.create":
      return createSession(state, command, meta);
    case "session.stop":
      return endSession(state, command.id, "stopped", command.reason, null, command.atMs, meta);
    case "session.finish":
      return endSession(
        state,
        command.id,
        command.outcome,
        command.reason,
        command.evaluation,
        command.atMs,
        meta,
      );
    case "round.commit":
      return commitRound(state, command, meta, verify);
    case "round.fail":
      return failRound(state, command, meta);
  }
}

/** The Raft configuration changed; the control state carries it so that certificates are judged by it. */
export function applyConfiguration(
  state: ControlState,
  config: { voters: readonly string[]; learners: readonly string[] },
  meta: EntryMeta,
): ControlState {
  const voters = [...config.voters].sort();
  const learners = [...config.learners].sort();
  const all = new Set([...voters, ...learners]);
  const members = state.members.filter((m) => all.has(m.peer));
  for (const peer of [...all].sort()) {
    if (!members.some((m) => m.peer === peer)) members.push({ peer, name: "", joinedIndex: meta.index });
  }
  const reason = `voters: ${voters.length}, learners: ${learners.length}`;
  const next = { ...state, index: meta.index, voters, learners, members };
  return record(next, { ...entry(meta, 0), type: "membership", contributors: voters, reason });
}

function done(state: ControlState, version: Certificate | null = null): Applied {
  return { state, outcome: { kind: "applied", version, committee: null } };
}

function refuse(state: ControlState, code: RefusalCode, reason: string): Applied {
  return { state, outcome: { kind: "refused", code, reason } };
}

function joinMember(state: ControlState, command: CommandOf<"member.join">, meta: EntryMeta): ControlState {
  const known = state.members.find((m) => m.peer === command.peer);
  const member = { peer: command.peer, name: command.name, joinedIndex: known?.joinedIndex ?? meta.index };
  // One that was removed meanwhile is named for nothing; the list stays within the configuration's bound.
  if (known === undefined && state.members.length >= MEMBERS_MAX) return state;
  const others = state.members.filter((m) => m.peer !== command.peer);
  return { ...state, members: [...others, member].sort((a, b) => (a.peer < b.peer ? -1 : 1)) };
}

/** The committee follows the Raft configuration: nobody is appointed who is not a voter there. */
function changeCommittee(
  state: ControlState,
  { certificate, atMs }: CommandOf<"committee.change">,
  meta: EntryMeta,
  verify: Verify,
): Applied {
  const { decision, votes } = certificate;
  const fault = handoverFault(state, decision, meta) ?? committeeFault(certificate, state.committee, verify);
  if (fault !== null) return refuse(state, "CERTIFICATE_INVALID", fault);
  const next = record(
    { ...state, committee: committeeAfter(certificate) },
    {
      ...entry(meta, atMs),
      type: "committee",
      contributors: [...decision.voters],
      signers: votes.map((v) => v.peer),
      reason: `committee ${decision.seq}: ${decision.voters.length} voters`,
    },
  );
  return { state: next, outcome: { kind: "applied", version: null, committee: certificate } };
}

function handoverFault(state: ControlState, decision: CommitteeDecision, meta: EntryMeta): string | null {
  if (decision.swarm !== state.swarm || decision.formation !== state.formation)
    return "of another swarm or formation";
  if (decision.term !== meta.term) return `of term ${decision.term}, committed in term ${meta.term}`;
  const stranger = decision.voters.find((peer) => !state.voters.includes(peer));
  return stranger === undefined ? null : `${stranger} is not a voter of the configuration`;
}

function createSession(state: ControlState, command: CommandOf<"session.create">, meta: EntryMeta): Applied {
  // Whoever proposed it may have missed that it was committed, and proposed it again.
  if (state.session?.id === command.id || state.past.some((s) => s.id === command.id)) return done(state);
  if (isActive(state.session)) {
    return refuse(state, "TRAINING_IN_PROGRESS", `session ${state.session.id} is ${state.session.status}`);
  }
  const session: SessionState = {
    id: command.id,
    spec: command.spec,
    status: "initializing",
    round: 0,
    height: 0,
    version: null,
    parent: null,
    cursor: { next: 0, holes: [] },
    participants: [...new Set(command.participants)].sort(),
    rounds: command.rounds,
    batches: command.batches,
    failuresInARow: 0,
    samples: 0,
    lossNats: null,
    firstEvaluation: null,
    evaluations: [],
    createdAtMs: command.atMs,
    createdBy: command.by,
    roundOpenedAtMs: command.atMs,
    endedAtMs: null,
    reason: null,
  };
  const past =
    state.session === null ? state.past : [...state.past, inShort(state.session)].slice(-PAST_SESSIONS_MAX);
  const next = { ...state, session, past };
  return done(
    record(next, { ...entry(meta, command.atMs), type: "session", session: command.id, reason: "created" }),
  );
}

function endSession(
  state: ControlState,
  id: string,
  status: "finished" | "stopped" | "failed",
  reason: string | null,
  evaluation: Evaluation | null,
  atMs: number,
  meta: EntryMeta,
): Applied {
  const session = state.session;
  if (session?.id === id && session.status === status && session.reason === reason) return done(state);
  if (!isActive(session) || session.id !== id) {
    return refuse(state, "SESSION_NOT_FOUND", `session ${id} is not running`);
  }
  const ended = { ...withEvaluation(session, evaluation), status, reason, endedAtMs: atMs };
  const next = { ...state, session: ended };
  const why = reason === null ? status : `${status}: ${reason}`;
  return done(
    record(next, { ...entry(meta, atMs), type: "session", session: id, height: session.height, reason: why }),
  );
}

function commitRound(
  state: ControlState,
  command: CommandOf<"round.commit">,
  meta: EntryMeta,
  verify: Verify,
): Applied {
  const { certificate } = command;
  const { decision } = certificate;
  const session = state.session;
  const notOpen = roundFault(state, decision.session, decision.round);
  if (session === null || notOpen !== null) return refuse(state, "ROUND_NOT_OPEN", notOpen ?? "no session");
  const fault = contextFault(state, session, certificate, meta) ?? certificateFault(certificate, verify);
  if (fault !== null) {
    const refused = record(state, {
      ...decisionEntry(certificate, command.atMs, meta),
      type: "refused",
      reason: fault,
    });
    return refuse(refused, "CERTIFICATE_INVALID", fault);
  }
  const samples = decision.updates.reduce((sum, u) => sum + u.samples, 0);
  const lossSum = decision.updates.reduce((sum, u) => sum + u.lossNats * u.samples, 0);
  const height = decision.height;
  const evaluated = withEvaluation(session, command.evaluation);
  const over = height >= session.rounds || exhausted(session, decision.cursor);
  const next: SessionState = {
    ...evaluated,
    status: over ? "finishing" : "running",
    round: decision.round + 1,
    height,
    version: decision.result,
    parent: decisionDigest(decision),
    cursor: { next: decision.cursor.next, holes: decision.cursor.holes.map(([a, b]) => [a, b]) },
    participants: [...new Set(command.participants)].sort(),
    failuresInARow: 0,
    samples: session.samples + samples,
    lossNats: samples > 0 ? lossSum / samples : session.lossNats,
    roundOpenedAtMs: command.atMs,
  };
  const history = { ...decisionEntry(certificate, command.atMs, meta), type: "version" as const };
  return done(record({ ...state, session: next }, history), certificate);
}

function failRound(state: ControlState, command: CommandOf<"round.fail">, meta: EntryMeta): Applied {
  const session = state.session;
  const notOpen = roundFault(state, command.session, command.round);
  if (session === null || notOpen !== null) return refuse(state, "ROUND_NOT_OPEN", notOpen ?? "no session");
  const next: SessionState = {
    ...session,
    round: session.round + 1,
    participants: [...new Set(command.participants)].sort(),
    failuresInARow: session.failuresInARow + 1,
    roundOpenedAtMs: command.atMs,
  };
  const failed: NewEntry = {
    ...entry(meta, command.atMs),
    type: "round_failed",
    session: session.id,
    round: command.round,
    height: session.height,
    version: session.version?.hash ?? null,
    rejected: command.refusals,
    reason: command.reason,
  };
  return done(record({ ...state, session: next }, failed));
}

function roundFault(state: ControlState, id: string, round: number): string | null {
  const session = state.session;
  if (!isActive(session) || session.id !== id) return `session ${id} is not running`;
  if (session.status === "finishing") return `session ${id} has committed its last round`;
  return session.round === round ? null : `round ${round} is not open, round ${session.round} is`;
}

function contextFault(
  state: ControlState,
  session: SessionState,
  { decision }: Certificate,
  meta: EntryMeta,
): string | null {
  if (decision.swarm !== state.swarm || decision.formation !== state.formation)
    return "of another swarm or formation";
  if (decision.term !== meta.term) return `of term ${decision.term}, committed in term ${meta.term}`;
  if (decision.base !== (session.version?.hash ?? null)) return "its base is not the current version";
  if (decision.parent !== session.parent) return "its parent is not the last decision";
  if (decision.height !== (session.version === null ? 0 : session.height + 1))
    return "its height is not the next one";
  if (decision.voters.join() !== state.committee.voters.join()) return "its voters are not the committee";
  if (decision.cursor.next < session.cursor.next) return "its data cursor goes back";
  const participants = new Set(session.participants);
  const stranger = decision.updates.find((u) => !participants.has(u.peer));
  return stranger ? `${stranger.peer} was not a participant of the round` : null;
}

function exhausted(session: SessionState, cursor: { next: number; holes: readonly unknown[] }): boolean {
  return session.batches !== null && cursor.next >= session.batches && cursor.holes.length === 0;
}

function withEvaluation(session: SessionState, evaluation: Evaluation | null): SessionState {
  if (evaluation === null || evaluation.height > session.height) return session;
  if (session.evaluations.some((e) => e.height === evaluation.height)) return session;
  return {
    ...session,
    firstEvaluation: session.firstEvaluation ?? evaluation,
    evaluations: [...session.evaluations, evaluation].slice(-EVALUATIONS_MAX),
  };
}

type NewEntry = HistoryEntry;

function entry(meta: EntryMeta, atMs: number): Omit<HistoryEntry, "type"> {
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

function decisionEntry(
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

function record(state: ControlState, added: HistoryEntry): ControlState {
  return {
    ...state,
    history: withinBytes([...state.history, added].slice(-HISTORY_MAX)),
    historyTotal: state.historyTotal + 1,
  };
}
