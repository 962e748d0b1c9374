/** The leader's side of a vote: ask the committee at once, count, and stop as soon as the outcome is certain. */
import { Tally, type TallyOutcome } from "../../consensus/votes/index.js";
import type { Verify } from "../../protocol/types.js";
import type { VoteAnswer } from "./voter.js";

/**
 * The key of the lock under which a leader holds its ballots: a version that is being voted on names the committee, so
 * that the committee must not change hands before it is committed.
 */
export const BALLOT = "ballot";

export type BallotOutcome = Exclude<TallyOutcome, { readonly kind: "pending" }>;

export interface Ballot {
  readonly voters: readonly string[];
  /** What each voter signs. */
  readonly preimage: Uint8Array;
  readonly verify: Verify;
  /** Puts the question to one voter (this node included); a rejection counts as that voter's refusal. */
  readonly ask: (peer: string) => Promise<VoteAnswer>;
}

export function takeBallot({ voters, preimage, verify, ask }: Ballot): Promise<BallotOutcome> {
  const tally = new Tally(voters, preimage, verify);
  return new Promise((resolve) => {
    const settle = (outcome: TallyOutcome): void => {
      if (outcome.kind !== "pending") resolve(outcome);
    };
    for (const peer of voters) {
      ask(peer).then(
        ({ signature, refusal }) =>
          settle(signature === null ? tally.refuse(peer, refusal) : tally.approve(peer, signature)),
        (error: unknown) => {
          const reason = error instanceof Error ? error.message : String(error);
          settle(tally.refuse(peer, `could not be asked: ${reason}`));
        },
      );
    }
  });
}
