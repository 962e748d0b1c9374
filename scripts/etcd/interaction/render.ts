/** Tells what our core says in etcd's words, field by field. */
import { decodeConfChange } from "../../../consensus/raft/configuration.js";
import type { Message } from "../../../consensus/raft/messages.js";
import type { ConfChange, Configuration, Entry, MemberChange, Role } from "../../../consensus/raft/types.js";
import { byNumber } from "../quorum_cases.js";
import type { TraceEntry, TraceMessage } from "./trace.js";

export const NOBODY = "0";

const ROLE_WORDS: Record<Role, string> = {
  follower: "StateFollower",
  precandidate: "StatePreCandidate",
  candidate: "StateCandidate",
  leader: "StateLeader",
};

const CHANGE_LETTERS: Record<MemberChange["kind"], string> = { addVoter: "v", addLearner: "l", remove: "r" };

const utf8 = new TextDecoder();

export function roleInWords(role: Role): string {
  return ROLE_WORDS[role];
}

export function changesInWords({ changes }: ConfChange): string {
  return changes.map(({ kind, peer }) => `${CHANGE_LETTERS[kind]}${peer}`).join(" ");
}

/** The entry that opens a term is an empty normal one at etcd. */
export function entryInWords({ term, index, kind, data }: Entry): TraceEntry {
  if (kind === "config") return { term, index, kind, data: changesInWords(decodeConfChange(data)) };
  return { term, index, kind: "normal", data: JSON.stringify(utf8.decode(data)) };
}

export function snapshotInWords(at: { index: number; term: number; configuration: Configuration }): string {
  const { voters, votersOutgoing, learners, learnersNext, autoLeave } = at.configuration;
  const list = (ids: readonly string[]): string => `[${[...ids].sort(byNumber).join(" ")}]`;
  const halves = `Voters:${list(voters)} VotersOutgoing:${list(votersOutgoing)}`;
  const learning = `Learners:${list(learners)} LearnersNext:${list(learnersNext)}`;
  return `Index:${at.index} Term:${at.term} ConfState:${halves} ${learning} AutoLeave:${autoLeave}`;
}

const BLANK = {
  ...{ logTerm: 0, index: 0, rejected: false, hint: 0, commit: 0 },
  ...{ entries: [], snapshot: null, responses: [] },
};

/** What etcd has no message for keeps our name, in brackets. */
export function messageInWords(m: Message): TraceMessage {
  const { from, to, term } = m;
  const told = (type: string, part: Partial<TraceMessage> = {}): TraceMessage => ({
    ...BLANK,
    from,
    to,
    term,
    type,
    ...part,
  });
  switch (m.type) {
    case "preVote":
      return told("MsgPreVote", { logTerm: m.lastTerm, index: m.lastIndex });
    case "vote":
      return told("MsgVote", { logTerm: m.lastTerm, index: m.lastIndex });
    case "preVoteReply":
      return told("MsgPreVoteResp", { rejected: !m.granted });
    case "voteReply":
      return told("MsgVoteResp", { rejected: !m.granted });
    case "append": {
      const entries = m.entries.map(entryInWords);
      return told("MsgApp", { logTerm: m.prevTerm, index: m.prevIndex, commit: m.commit, entries });
    }
    case "appendReply":
      return told("MsgAppResp", {
        index: m.index,
        rejected: m.rejected,
        hint: m.hintIndex,
        logTerm: m.hintTerm,
      });
    case "heartbeat":
      return told("MsgHeartbeat", { commit: m.commit });
    case "heartbeatReply":
      return told("MsgHeartbeatResp");
    case "snapshot":
      // etcd sends a snapshot in one piece: only the first part stands for it.
      if (m.offset > 0) return told("(snapshot, a further part)");
      return told("MsgSnap", { snapshot: snapshotInWords(m.snapshot) });
    case "timeoutNow":
      return told("MsgTimeoutNow");
    default:
      return told(`(${m.type})`);
  }
}
