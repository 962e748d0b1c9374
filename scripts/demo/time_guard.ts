/** Keeps the demonstration within the time that it promises, on a machine that is slower than it was made for. */

/** The whole demonstration. Issued as "under 2.5 minutes"; the rest is for what the end takes on a slow machine. */
export const DEMO_MS_MAX = 135_000;
/** From here on the next version is the last one: download, sample and goodbye need what is left. */
const LAST_VERSION_MS = DEMO_MS_MAX - 25_000;
/** Nor is that version waited for any longer than this. */
const NO_VERSION_MS = DEMO_MS_MAX - 15_000;

export class TimeGuard {
  private heightWhenShort: number | null = null;

  /** @param limited without a limit the session takes what its rounds take */
  constructor(private readonly limited: boolean) {}

  /** Whether the session should end now, at this height. */
  isOver(elapsedMs: number, height: number): boolean {
    if (!this.limited || elapsedMs < LAST_VERSION_MS) return false;
    this.heightWhenShort ??= height;
    return height > this.heightWhenShort || elapsedMs >= NO_VERSION_MS;
  }

  /** How far the demonstration is, 0 to 1: by its versions or, where those are slow, by its time. */
  share(elapsedMs: number, height: number, rounds: number): number {
    const ofTime = this.limited ? elapsedMs / LAST_VERSION_MS : 0;
    return Math.min(1, Math.max(height / rounds, ofTime));
  }
}
