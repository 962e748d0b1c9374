/** Those who wait for an entry: its proposer for its result, others for an index to be applied. */
import { ConsensusError } from "../errors.js";

export interface Committed {
  readonly index: number;
  readonly term: number;
  readonly result: unknown;
}

interface Waiter<T> {
  settle(outcome: T | ConsensusError): void;
}

interface Proposal extends Waiter<Committed> {
  readonly term: number;
}

export class Waiting {
  private readonly proposals = new Map<number, Proposal>();
  private readonly indexes = new Set<Waiter<void> & { readonly index: number }>();

  constructor(private readonly max: number) {}

  get size(): number {
    return this.proposals.size + this.indexes.size;
  }

  /** @throws ConsensusError `OVERLOADED` */
  assertRoom(): void {
    const waiting = this.size;
    if (waiting < this.max) return;
    throw new ConsensusError(
      "OVERLOADED",
      `${waiting} calls wait for entries already, at most ${this.max} may`,
      {
        waiting,
        max: this.max,
      },
    );
  }

  forProposal(index: number, term: number, timeoutMs: number): Promise<Committed> {
    return new Promise((resolve, reject) => {
      this.proposals.get(index)?.settle(dropped(index, "another entry took its place"));
      const late = `entry ${index} was not applied within ${timeoutMs} ms; it may still be: look before you propose it again`;
      const done = timed<Committed>(timeoutMs, late, resolve, reject, () => {
        if (this.proposals.get(index) === proposal) this.proposals.delete(index);
      });
      const proposal: Proposal = { term, settle: done };
      this.proposals.set(index, proposal);
    });
  }

  forIndex(index: number, timeoutMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const late = `index ${index} was not applied within ${timeoutMs} ms`;
      const done = timed<void>(timeoutMs, late, resolve, reject, () => this.indexes.delete(waiter));
      const waiter = { index, settle: done };
      this.indexes.add(waiter);
    });
  }

  applied(index: number, term: number, result: unknown): void {
    const proposal = this.proposals.get(index);
    if (proposal !== undefined) {
      const own = proposal.term === term;
      proposal.settle(
        own ? { index, term, result } : dropped(index, "another leader's entry took its place"),
      );
    }
    this.reached(index);
  }

  /** The state is now that of `index`, without the single entries: what became of the proposals is not known. */
  reached(index: number): void {
    for (const waiter of this.indexes) if (waiter.index <= index) waiter.settle(undefined);
  }

  /** Leadership of `term` is over: proposals of that term may or may not commit under the next leader. */
  lostLeadership(leader: string | null): void {
    for (const [index, proposal] of this.proposals) {
      proposal.settle(dropped(index, "this node lost the leadership before it was applied", { leader }));
    }
  }

  rejectAll(error: ConsensusError): void {
    for (const proposal of this.proposals.values()) proposal.settle(error);
    for (const waiter of this.indexes) waiter.settle(error);
  }
}

function dropped(index: number, why: string, facts: Record<string, unknown> = {}): ConsensusError {
  return new ConsensusError(
    "PROPOSAL_DROPPED",
    `proposal at index ${index}: ${why}; it may still commit, so look before you propose it again`,
    { index, committed: "unknown", ...facts },
  );
}

/** @returns a function that settles the promise once, and takes the timer and the entry in the table with it */
function timed<T>(
  timeoutMs: number,
  late: string,
  resolve: (value: T) => void,
  reject: (error: ConsensusError) => void,
  forget: () => void,
): (outcome: T | ConsensusError) => void {
  const timer = setTimeout(() => settle(new ConsensusError("TIMEOUT", late, { timeoutMs })), timeoutMs);
  function settle(outcome: T | ConsensusError): void {
    clearTimeout(timer);
    forget();
    if (outcome instanceof ConsensusError) reject(outcome);
    else resolve(outcome);
  }
  return settle;
}
