/**
 * The control state of a node that stands outside the Raft configuration. Nothing is appended to its log: peers tell it
 * the state, and certificates prove what matters of it. Proven are the committee (by its handovers, from the founders on)
 * and the version of every session (by a majority of a committee). Told are names, specs, status and the history; a peer
 * that lies about those deceives this node alone, which neither votes nor contributes. Pure.
 */
import type { Hash, Verify } from "../../protocol/types.js";
import type { Certificate, Committee, Decision } from "../types.js";
import { certificateFault } from "../votes/certificate.js";
import { decisionDigest } from "../votes/schemas.js";
import { commitRound } from "./rounds.js";
import type { ControlState, SessionState } from "./state.js";

/** Entries of the history that a state keeps on its way to a follower: enough to show, little to send. */
export const TOLD_HISTORY_MAX = 64;

/** What a peer tells a follower. */
export function toldState(state: ControlState): ControlState {
  return { ...state, history: state.history.slice(-TOLD_HISTORY_MAX) };
}

/** The sessions of a state that have a version, the current one first. */
export function versionedSessions({ session, past }: ControlState): SessionState[] {
  return [...(session === null ? [] : [session]), ...past].filter((s) => s.version !== null);
}

/** What this node has proven so far. */
export interface Proven {
  readonly swarm: string;
  readonly formation: Hash;
  /** The newest committee that the handovers lead to. */
  readonly committee: Committee;
  /** The voters of it and of every one before it, each list joined. */
  readonly committees: ReadonlySet<string>;
}

/**
 * Why a told state must not be followed, or null.
 * @param headOf the certificate of a session's version; null when there is none here
 * @param reached the height of a session that this node has a proven version of; null for none
 */
export function toldFault(
  told: ControlState,
  proven: Proven,
  headOf: (session: SessionState) => Certificate | null,
  reached: (session: string) => number | null,
  verify: Verify,
): string | null {
  if (told.swarm !== proven.swarm || told.formation !== proven.formation) return "of another swarm";
  const { committee } = proven;
  const same = told.committee.digest === committee.digest && told.committee.seq === committee.seq;
  if (!same || told.committee.voters.join() !== committee.voters.join())
    return `committee ${told.committee.seq}, this node knows of committee ${committee.seq}`;
  for (const session of versionedSessions(told)) {
    const certificate = headOf(session);
    if (certificate === null) return `no certificate for height ${session.height} of ${session.id}`;
    const fault = headFault(session, certificate, proven) ?? certificateFault(certificate, verify);
    if (fault !== null) return `height ${session.height} of ${session.id}: ${fault}`;
  }
  return staleFault(told, reached);
}

/** The state after a certified version that follows it; null when it does not. */
export function followVersion(
  state: ControlState,
  certificate: Certificate,
  atMs: number,
  verify: Verify,
): ControlState | null {
  const { decision } = certificate;
  const { session } = state;
  if (session === null || decision.round < session.round) return null;
  // Rounds that failed meanwhile, and who was to take part, stand in the log only; the voters have judged both.
  const participants = decision.updates.map((u) => u.peer);
  // That it was paused when this node was told of it, the version shows to be over.
  const status = session.status === "paused" ? "running" : session.status;
  const open: ControlState = {
    ...state,
    session: { ...session, status, round: decision.round, participants },
  };
  const meta = { index: state.index + 1, term: decision.term };
  const { state: next, outcome } = commitRound(
    open,
    {
      v: 1,
      type: "round.commit",
      certificate: { decision, votes: [...certificate.votes] },
      participants: [],
      evaluation: null,
      atMs,
    },
    meta,
    verify,
  );
  return outcome.kind === "applied" ? { ...next, index: meta.index } : null;
}

/** Whether what `state` says is proven is at least as new as what `other` says. */
export function coversProven(state: ControlState, other: ControlState): boolean {
  if (state.committee.seq < other.committee.seq) return false;
  return versionedSessions(other).every((theirs) => {
    const ours = versionedSessions(state).find((s) => s.id === theirs.id);
    return ours !== undefined && ours.height >= theirs.height;
  });
}

function headFault(session: SessionState, { decision }: Certificate, proven: Proven): string | null {
  if (decision.swarm !== proven.swarm || decision.formation !== proven.formation) return "of another swarm";
  if (decision.session !== session.id || decision.height !== session.height) return "of another version";
  if (decisionDigest(decision) !== session.parent) return "its certificate is another one";
  if (!sameResult(decision, session)) return "its certificate names another version";
  return proven.committees.has(decision.voters.join()) ? null : "its voters were never the committee";
}

function sameResult({ result }: Decision, { version }: SessionState): boolean {
  return (
    result.hash === version?.hash && result.bytes === version.bytes && result.chunkRoot === version.chunkRoot
  );
}

/** What was proven once is not taken back by a peer that is behind, or that withholds it. */
function staleFault(told: ControlState, reached: (session: string) => number | null): string | null {
  for (const session of told.session === null ? told.past : [told.session, ...told.past]) {
    const height = reached(session.id);
    if (height !== null && (session.version === null || session.height < height))
      return `${session.id} has reached height ${height} already`;
  }
  return null;
}
