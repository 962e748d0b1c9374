/** Runs the steps of a story one after another and prints how long each took. */
export class Story {
  private readonly steps: string[] = [];

  async step<T>(what: string, work: Promise<T> | (() => Promise<T>)): Promise<T> {
    const startedMs = performance.now();
    const result = await (typeof work === "function" ? work() : work);
    this.steps.push(`${what} ${((performance.now() - startedMs) / 1000).toFixed(1)} s`);
    return result;
  }

  note(what: string): void {
    this.steps.push(what);
  }

  print(): void {
    if (this.steps.length > 0) console.log(`      ${this.steps.splice(0).join(" · ")}`);
  }
}
