/** The operator's vote: finds the version that it is about, and says why it cannot be taken. */
import { type OperatorWord, wordFault } from "../../consensus/votes/index.js";
import type { Hash } from "../../protocol/types.js";
import { ServiceError } from "../services/errors.js";
import type { CastVote } from "../services/source.js";
import type { VersionVote, VersionVotes } from "./version_votes.js";
import type { Voter } from "./voter.js";

export interface ByHand {
  readonly versionVotes: Pick<VersionVotes, "all" | "terms">;
  readonly voter: Pick<Voter, "say">;
}

/**
 * @returns once an approval is durable and signed
 * @throws ServiceError VOTE_NOT_OPEN, VERSION_DIFFERS
 */
export async function castByHand(
  { versionVotes, voter }: ByHand,
  version: Hash,
  word: OperatorWord,
): Promise<CastVote> {
  const { all, terms } = versionVotes;
  const about = all.filter((v) => v.decision.result.hash === version);
  const vote = about.find((v) => v.state.kind === "awaiting") ?? about.at(-1);
  if (vote === undefined) throw notOpen(version, all, terms.approval === "auto");
  const fault = wordFault(vote.state, word);
  const details = { model_hash: version, state: vote.state.kind };
  if (fault?.kind === "differs") throw new ServiceError("VERSION_DIFFERS", fault.reason, details);
  if (fault !== null) throw new ServiceError("VOTE_NOT_OPEN", fault.reason, details);
  const { decision, state, signature } = await voter.say(vote, word);
  const wrong = word.vote === "approve" && signature === null;
  if (!wrong) return { decision, signature: word.vote === "approve" ? signature : null };
  const why = state.kind === "refused" ? state.refusal.reason : "another version of this round was voted on";
  throw new ServiceError("VOTE_NOT_OPEN", `this node did not sign it: ${why}`, details);
}

function notOpen(version: Hash, all: readonly VersionVote[], auto: boolean): ServiceError {
  const waiting = all.filter((v) => v.state.kind === "awaiting").map((v) => v.decision.result.hash);
  const why = auto
    ? "consensus.approval is auto on this node, which votes by itself"
    : waiting.length === 0
      ? "no version waits for a vote at the moment"
      : `what waits is ${waiting.join(", ")}`;
  return new ServiceError("VOTE_NOT_OPEN", `no version ${version} waits for this node's vote: ${why}`, {
    model_hash: version,
    waiting,
  });
}
