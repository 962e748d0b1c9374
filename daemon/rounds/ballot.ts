/** The leader's side of a vote: ask the committee at once, count, and stop as soon as the outcome is certain. */
import { refusal, Tally, type TallyOutcome } from "../../consensus/votes/index.js";
import type { Verify } from "../../protocol/types.js";
import type { VoteAnswer } from "./vote_answer.js";

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
  /**
   * A voter's operator has not voted yet. Resolves when it is to be asked again, or to why nobody waits any longer.
   * Left out where no voter may wait.
   */
  readonly wait?: (peer: string) => Promise<string | null>;
}

export function takeBallot(ballot: Ballot): Promise<BallotOutcome> {
  const { voters, preimage, verify } = ballot;
  const tally = new Tally(voters, preimage, verify);
  return new Promise((resolve) => {
    let over = false;
    const settle = (outcome: TallyOutcome): void => {
      if (outcome.kind === "pending") return;
      over = true;
      resolve(outcome);
    };
    const poll = async (peer: string): Promise<void> => {
      let waited = false;
      while (!over) {
        const answer = await askOf(ballot, peer, waited);
        if (answer.signature !== null) return settle(tally.approve(peer, answer.signature));
        if (answer.refusal !== null) {
          return settle(tally.refuse(peer, refusal(answer.cause, answer.refusal)));
        }
        waited = true;
        const given = ballot.wait ? await ballot.wait(peer) : "it wants to wait, which is not possible here";
        if (given !== null) return settle(tally.refuse(peer, refusal("operator", given)));
      }
    };
    for (const peer of voters) void poll(peer);
  });
}

/** One that has said that it waits, and cannot be reached for a moment, is asked again like one that waits. */
async function askOf({ ask }: Ballot, peer: string, waited: boolean): Promise<VoteAnswer> {
  try {
    return await ask(peer);
  } catch (error) {
    if (waited) return { signature: null, refusal: null, waitMs: 0 };
    const reason = error instanceof Error ? error.message : String(error);
    return { signature: null, refusal: `could not be asked: ${reason}`, cause: "voter" };
  }
}
