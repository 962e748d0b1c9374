/** A voter that trusts its leader and votes by itself, unless a test says otherwise. */
import { VersionVotes } from "../version_votes.js";
import { Voter, type VoterInit } from "../voter.js";

type Needed = "identity" | "votes" | "control" | "raft";

export function testVoter(init: Pick<VoterInit, Needed> & Partial<VoterInit>): Voter {
  const now = () => 0;
  return new Voter({
    versionVotes: new VersionVotes({ approval: "auto", timeoutMs: 60_000 }, now),
    cast: () => undefined,
    judge: async () => ({ kind: "matched" }),
    distrust: () => null,
    proposalRefused: () => undefined,
    awaiting: () => undefined,
    now,
    ...init,
  });
}
