/** The proposals that this node was asked about and has not answered: the round core answers each, or the time does. */

/** A voter that cannot judge in this time (payloads missing, recomputation slow) says so. */
const JUDGE_MS = 30_000;

export class Judging {
  private readonly questions = new Map<number, (refusal: string | null) => void>();
  private nextQuestion = 1;

  /**
   * @param put puts the question to the round core under this number, by which it is answered
   * @returns why this node does not sign, or null when it does
   */
  ask(put: (id: number) => void): Promise<string | null> {
    const id = this.nextQuestion++;
    return new Promise((resolve) => {
      const timer = setTimeout(() => answer("this node could not recompute it in time"), JUDGE_MS);
      const answer = (refusal: string | null): void => {
        clearTimeout(timer);
        this.questions.delete(id);
        resolve(refusal);
      };
      this.questions.set(id, answer);
      put(id);
    });
  }

  answer(id: number, refusal: string | null): void {
    this.questions.get(id)?.(refusal);
  }

  stop(): void {
    for (const answer of this.questions.values()) answer("this node is stopping");
  }
}
