/** Tells a core's Ready and a leader's view of its followers in etcd's words. */
import type { RaftCore } from "../../../consensus/raft/core.js";
import type { Message } from "../../../consensus/raft/messages.js";
import type { Ready } from "../../../consensus/raft/ready.js";
import type { ProgressMode, ReplicationStatus } from "../../../consensus/raft/types.js";
import { byNumber } from "../quorum_cases.js";
import { entryInWords, messageInWords, NOBODY, roleInWords, snapshotInWords } from "./render.js";
import type { TraceProgress, TraceReady } from "./trace.js";

const MODE_WORDS: Record<ProgressMode, string> = {
  probe: "StateProbe",
  replicate: "StateReplicate",
  snapshot: "StateSnapshot",
};

/** @param messages those of it that leave with it */
export function readyInWords(node: string, ready: Ready, messages: readonly Message[]): TraceReady {
  const { hardState, softState, snapshot } = ready;
  return {
    kind: "ready",
    node,
    hard: hardState && {
      term: hardState.term,
      vote: hardState.votedFor ?? NOBODY,
      commit: hardState.commit,
    },
    soft: softState && { lead: softState.leader ?? NOBODY, role: roleInWords(softState.role) },
    entries: ready.entries.map(entryInWords),
    committed: ready.committedEntries.map(entryInWords),
    snapshot: snapshot && snapshotInWords(snapshot),
    messages: messages.map(messageInWords),
  };
}

/** A leader's view of everybody, itself included; empty elsewhere. */
export function progressInWords(core: RaftCore, maxInflightAppends: number): TraceProgress[] {
  if (core.role !== "leader") return [];
  const { id, configuration } = core.status();
  const { stableIndex } = core.log;
  const own = { peer: id, mode: MODE_WORDS.replicate, match: stableIndex, next: stableIndex + 1, marks: [] };
  const others = core.followers().flatMap(({ peer }) => {
    const one = core.replicationTo(peer);
    if (one === null) return [];
    const marks = marksOf(one, configuration.learners.includes(peer), maxInflightAppends);
    return [{ peer, mode: MODE_WORDS[one.mode], match: one.matchIndex, next: one.nextIndex, marks }];
  });
  return [own, ...others].sort((a, b) => byNumber(a.peer, b.peer));
}

function marksOf(one: ReplicationStatus, learner: boolean, maxInflightAppends: number): string[] {
  const full = one.inflightAppends >= maxInflightAppends ? "[full]" : "";
  return [
    ...(learner ? ["learner"] : []),
    ...(one.paused ? ["paused"] : []),
    ...(one.snapshotIndex === null ? [] : [`pendingSnap=${one.snapshotIndex}`]),
    ...(one.inflightAppends > 0 ? [`inflight=${one.inflightAppends}${full}`] : []),
  ];
}
