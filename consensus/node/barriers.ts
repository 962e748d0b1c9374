/**
 * Those who wait to read: until a leader has confirmed how far the log was committed, and this node has applied that much.
 * Calls made together share one question to the leader. A question without an answer is asked again, as a new one: a
 * later index serves an earlier reader as well.
 */
import { ConsensusError } from "../errors.js";
import type { RaftCore } from "../raft/core.js";
import type { ReadState } from "../raft/types.js";

interface Reader {
  settle(outcome: number | ConsensusError): void;
}

export class Barriers {
  /** Not asked for yet. */
  private fresh: Reader[] = [];
  /** Asked for, by the number of the question, oldest first. */
  private readonly asked = new Map<number, { readonly readers: Reader[]; ticks: number }>();
  private questions = 0;
  private readers = 0;

  /**
   * @param maxReaders that wait at a time
   * @param retryTicks after which a question counts as lost
   */
  constructor(
    private readonly core: Pick<RaftCore, "readIndex">,
    private readonly maxReaders: number,
    private readonly retryTicks: number,
  ) {}

  /** Readers that are not answered. */
  get size(): number {
    return this.readers;
  }

  get waiting(): boolean {
    return this.fresh.length > 0;
  }

  /**
   * @returns the index to wait for
   * @throws ConsensusError `OVERLOADED`, `TIMEOUT`, `NOT_LEADER`, `STOPPED`
   */
  index(timeoutMs: number): Promise<number> {
    if (this.readers >= this.maxReaders) {
      const facts = { waiting: this.readers, max: this.maxReaders };
      const why = `${this.readers} reads wait already, at most ${this.maxReaders} may; read less often`;
      return Promise.reject(new ConsensusError("OVERLOADED", why, facts));
    }
    this.readers++;
    return new Promise((resolve, reject) => {
      const settle = (outcome: number | ConsensusError): void => {
        clearTimeout(timer);
        if (gone) return;
        gone = true;
        this.readers--;
        if (outcome instanceof ConsensusError) reject(outcome);
        else resolve(outcome);
      };
      let gone = false;
      const late = `no majority confirmed the read within ${timeoutMs} ms`;
      const timer = setTimeout(() => settle(new ConsensusError("TIMEOUT", late, { timeoutMs })), timeoutMs);
      this.fresh.push({ settle });
    });
  }

  /** Puts the question for everybody who came since the last time. */
  ask(): void {
    const { fresh } = this;
    if (fresh.length === 0) return;
    this.fresh = [];
    const id = ++this.questions;
    try {
      this.core.readIndex(id);
      this.asked.set(id, { readers: fresh, ticks: 0 });
    } catch (error) {
      if (!(error instanceof ConsensusError)) throw error;
      for (const { settle } of fresh) settle(error);
    }
  }

  tick(): void {
    for (const [id, question] of this.asked) {
      if (++question.ticks < this.retryTicks) continue;
      this.asked.delete(id);
      this.fresh.push(...question.readers);
    }
  }

  answered(states: readonly ReadState[]): void {
    for (const { id, index } of states) {
      const question = this.asked.get(id);
      if (question === undefined) continue;
      this.asked.delete(id);
      // Whoever was asked no longer leads; the next leader may be known by the time the question is put again.
      const lost = new ConsensusError("NOT_LEADER", "the leader changed during the read; try again", {});
      for (const { settle } of question.readers) settle(index ?? lost);
    }
  }

  rejectAll(error: ConsensusError): void {
    for (const { readers } of this.asked.values()) for (const { settle } of readers) settle(error);
    for (const { settle } of this.fresh) settle(error);
    this.asked.clear();
    this.fresh = [];
  }
}
