/** The proposals that this node was asked about and has not judged: the round core judges each, or the time does. */
import type { Verdict } from "../../training/round/index.js";

/** A voter that cannot judge in this time (payloads missing, recomputation slow) says so. */
const JUDGE_MS = 30_000;

export class Judging {
  private readonly questions = new Map<number, (verdict: Verdict) => void>();
  private nextQuestion = 1;

  /** @param put puts the question to the round core under this number, by which it is answered */
  ask(put: (id: number) => void): Promise<Verdict> {
    const id = this.nextQuestion++;
    return new Promise((resolve) => {
      const timer = setTimeout(() => answer(unable("this node could not recompute it in time")), JUDGE_MS);
      const answer = (verdict: Verdict): void => {
        clearTimeout(timer);
        this.questions.delete(id);
        resolve(verdict);
      };
      this.questions.set(id, answer);
      put(id);
    });
  }

  answer(id: number, verdict: Verdict): void {
    this.questions.get(id)?.(verdict);
  }

  stop(): void {
    for (const answer of this.questions.values()) answer(unable("this node is stopping"));
  }
}

function unable(reason: string): Verdict {
  return { kind: "unable", reason };
}
