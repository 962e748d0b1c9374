/** One message of every type, for the golden encodings. */
import type { Message } from "../raft/messages.js";

const to = "b";
const from = "a";
const DIGEST = `sha256:${"0f".repeat(32)}`;

export const SAMPLE_MESSAGES: Readonly<Record<string, Message>> = {
  preVote: { type: "preVote", from, to, term: 3, lastIndex: 7, lastTerm: 2 },
  preVoteReply: { type: "preVoteReply", from, to, term: 3, granted: true },
  vote: { type: "vote", from, to, term: 3, lastIndex: 7, lastTerm: 2, force: false },
  voteReply: { type: "voteReply", from, to, term: 3, granted: false },
  voteRefusal: { type: "voteReply", from, to, term: 3, granted: false, commit: 70_000, commitTerm: 2 },
  append: {
    type: "append",
    from,
    to,
    term: 3,
    prevIndex: 7,
    prevTerm: 2,
    entries: [
      { index: 8, term: 3, kind: "noop", data: new Uint8Array(0) },
      { index: 9, term: 3, kind: "normal", data: new Uint8Array([1, 2, 255]) },
    ],
    commit: 6,
  },
  appendReply: {
    type: "appendReply",
    from,
    to,
    term: 3,
    rejected: true,
    index: 7,
    hintIndex: 5,
    hintTerm: 1,
  },
  heartbeat: { type: "heartbeat", from, to, term: 3, commit: 70_000, tick: 130, read: 2 },
  heartbeatReply: { type: "heartbeatReply", from, to, term: 3, commit: 2 ** 40, tick: 130, read: 2 },
  snapshot: {
    type: "snapshot",
    from,
    to,
    term: 3,
    snapshot: {
      index: 1,
      term: 1,
      configuration: {
        voters: ["a", "b"],
        learners: ["c"],
        votersOutgoing: ["a", "d"],
        learnersNext: ["d"],
        autoLeave: true,
      },
      size: 700_000,
      digest: DIGEST,
    },
    offset: 300_000,
    data: new Uint8Array([0, 9]),
    dataDigest: DIGEST,
  },
  snapshotReply: { type: "snapshotReply", from, to, term: 3, index: 1, digest: DIGEST, offset: 262_144 },
  readIndex: { type: "readIndex", from, to, term: 3, id: 41 },
  readIndexReply: { type: "readIndexReply", from, to, term: 3, id: 41, index: null },
  timeoutNow: { type: "timeoutNow", from, to, term: 3 },
};
