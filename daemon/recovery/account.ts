/**
 * What a recovery by force would do, and what may be lost by it: told before anything is changed. Pure. Its code names
 * exactly this swarm, this survivor and this log, so that whoever confirms it confirms what he has read.
 */
import type { SessionState } from "../../consensus/control/index.js";
import { hashOf, toBytes } from "../../consensus/encoding.js";
import type { RecoveryRecord } from "../../consensus/types.js";
import { epochOf } from "../../consensus/votes/index.js";
import type { Hash } from "../../protocol/types.js";
import type { OwnLog } from "./own_log.js";
import type { Reached } from "./probe.js";
import { votersOf } from "./quorum.js";

/** Hex digits of the confirmation code. */
const CODE_DIGITS = 12;

export interface LostNode {
  readonly peer: string;
  readonly name: string | null;
  readonly part: "voter" | "learner";
}

export interface RecoveryAccount {
  readonly swarm: string;
  readonly formation: Hash;
  readonly survivor: string;
  /** Of the recovery that this would be; 1 for the first. */
  readonly count: number;
  readonly term: number;
  readonly committedIndex: number;
  readonly lastIndex: number;
  /** Entries at the log's end that are not known to be committed: they are kept, and so become committed. */
  readonly uncommittedEntries: number;
  readonly session: Pick<SessionState, "id" | "status" | "round"> | null;
  /** The last certified version in the log, as the swarm goes on from it. */
  readonly version: { readonly height: number; readonly hash: Hash } | null;
  /** Whoever is given up: every other member. */
  readonly lost: readonly LostNode[];
  /** Who answered, although they are no quorum. */
  readonly reached: readonly Reached[];
  /** Voters that did not answer: any of them may hold entries that this node never saw. */
  readonly silent: readonly string[];
  /** To be given with `--confirm`. */
  readonly code: string;
}

/** What came before this recovery. */
export interface PastRecoveries {
  /** The one in force. */
  readonly previous: RecoveryRecord | null;
  /** Which one this is, 1 for the first. */
  readonly count: number;
}

export function accountOf(
  self: string,
  log: OwnLog,
  { previous, count }: PastRecoveries,
  reached: readonly Reached[],
): RecoveryAccount {
  const { committed, end, stored } = log;
  const { state, position } = end;
  const { configuration } = position;
  const { session } = state;
  const nameOf = (peer: string) => state.members.find((m) => m.peer === peer)?.name || null;
  const voters = votersOf(log);
  const lost = (peers: readonly string[], part: LostNode["part"]) =>
    peers.filter((peer) => peer !== self).map((peer) => ({ peer, name: nameOf(peer), part }));
  const here = new Set(reached.map((r) => r.peer));
  const facts = {
    swarm: state.swarm,
    epoch: epochOf(state.formation, previous),
    survivor: self,
    voters,
    term: stored.hardState.term,
    last: position.index,
    lastTerm: position.term,
  };
  return {
    swarm: state.swarm,
    formation: state.formation,
    survivor: self,
    count,
    term: stored.hardState.term,
    committedIndex: committed.position.index,
    lastIndex: position.index,
    uncommittedEntries: position.index - committed.position.index,
    session: session === null ? null : { id: session.id, status: session.status, round: session.round },
    version: session?.version ? { height: session.height, hash: session.version.hash } : null,
    lost: [
      ...lost(voters, "voter"),
      ...lost(
        configuration.learners.filter((peer) => !voters.includes(peer)),
        "learner",
      ),
    ],
    reached,
    silent: voters.filter((peer) => peer !== self && !here.has(peer)),
    code: hashOf(toBytes(facts)).slice("sha256:".length, "sha256:".length + CODE_DIGITS),
  };
}
