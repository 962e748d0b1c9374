/** All invariants over one run: tells each of them what happens, and names the one that breaks. */
import { type Invariant, InvariantBroken } from "./invariant.js";

/** The hooks of an invariant, by name. */
type Hook = Exclude<keyof Invariant, "name">;
type Arguments<H extends Hook> = Parameters<NonNullable<Invariant[H]>>;

export class Watch {
  private readonly listening = new Map<Hook, readonly Invariant[]>();

  constructor(private readonly invariants: readonly Invariant[]) {}

  /** @throws InvariantBroken */
  tell<H extends Hook>(hook: H, ...facts: Arguments<H>): void {
    for (const invariant of this.listenersOf(hook)) {
      const listen = invariant[hook] as ((...facts: Arguments<H>) => void) | undefined;
      try {
        listen?.apply(invariant, facts);
      } catch (error) {
        throw new InvariantBroken(invariant.name, error instanceof Error ? error.message : String(error));
      }
    }
  }

  private listenersOf(hook: Hook): readonly Invariant[] {
    const known = this.listening.get(hook);
    if (known !== undefined) return known;
    const listeners = this.invariants.filter((invariant) => invariant[hook] !== undefined);
    this.listening.set(hook, listeners);
    return listeners;
  }
}
