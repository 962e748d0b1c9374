/** The leader's side of a vote: ask every voter at once, count, and stop as soon as the outcome is certain. */
import type { Certificate, Decision } from "../../consensus/types.js";
import { Tally, type TallyOutcome } from "../../consensus/votes/index.js";
import type { Verify } from "../../protocol/types.js";
import type { VoteAnswer } from "./voter.js";

export type BallotOutcome =
  | { readonly kind: "certified"; readonly certificate: Certificate }
  | { readonly kind: "refused"; readonly refusals: readonly { peer: string; reason: string }[] };

/**
 * @param ask puts the decision to one voter (this node included); a rejection counts as that voter's refusal
 * @param heard is told of every answer as it comes
 */
export function takeBallot(
  decision: Decision,
  verify: Verify,
  ask: (peer: string) => Promise<VoteAnswer>,
  heard: (peer: string, refusal: string | null) => void = () => undefined,
): Promise<BallotOutcome> {
  const tally = new Tally(decision, verify);
  return new Promise((resolve) => {
    const settle = (outcome: TallyOutcome): void => {
      if (outcome.kind !== "pending") resolve(outcome);
    };
    for (const peer of decision.voters) {
      ask(peer).then(
        (answer) => {
          heard(peer, answer.refusal);
          settle(
            answer.signature === null
              ? tally.refuse(peer, answer.refusal)
              : tally.approve(peer, answer.signature),
          );
        },
        (error: unknown) => {
          const reason = `could not be asked: ${error instanceof Error ? error.message : error}`;
          heard(peer, reason);
          settle(tally.refuse(peer, reason));
        },
      );
    }
  });
}
