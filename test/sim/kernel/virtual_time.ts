/**
 * Puts simulated time in place of the real one for code that runs as a simulated process: timers, immediates, `Date.now`,
 * `performance.now` and `Math.random`. The production code runs unchanged; what runs outside of a simulated process
 * (the test runner, say) keeps the real ones.
 */
import type { Agenda, SimEvent } from "./agenda.js";
import type { SimProcess } from "./sim_process.js";

/** 2026-01-01, so that times in the log look like times. */
const EPOCH_MS = 1_767_225_600_000;
/** A callback that is due at once still takes its turn. */
const TURN_MS = 0.02;

const real = {
  setTimeout: globalThis.setTimeout,
  clearTimeout: globalThis.clearTimeout,
  setInterval: globalThis.setInterval,
  clearInterval: globalThis.clearInterval,
  setImmediate: globalThis.setImmediate,
  clearImmediate: globalThis.clearImmediate,
  dateNow: Date.now,
  performanceNow: performance.now.bind(performance),
  random: Math.random,
};

type Callback = (...args: unknown[]) => void;

class VirtualTimer {
  event: SimEvent | null = null;
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }
}

export class VirtualTime {
  /** Whose turn it is. */
  current: SimProcess | null = null;

  constructor(
    private readonly agenda: Agenda,
    private readonly random: () => number,
  ) {}

  /** From now on, until `uninstall`. One at a time. */
  install(): void {
    const put = (name: keyof typeof globalThis, value: unknown) => Reflect.set(globalThis, name, value);
    put("setTimeout", (run: Callback, ms?: number, ...args: unknown[]) =>
      this.current === null ? real.setTimeout(run, ms, ...args) : this.timer(this.current, run, ms, args),
    );
    put("setInterval", (run: Callback, ms?: number, ...args: unknown[]) =>
      this.current === null ? real.setInterval(run, ms, ...args) : this.interval(this.current, run, ms, args),
    );
    put("setImmediate", (run: Callback, ...args: unknown[]) =>
      this.current === null ? real.setImmediate(run, ...args) : this.immediate(this.current, run, args),
    );
    for (const name of ["clearTimeout", "clearInterval", "clearImmediate"] as const) {
      const clear: (handle: never) => void = real[name];
      put(name, (handle: unknown) => {
        if (handle instanceof VirtualTimer) cancel(handle);
        else Reflect.apply(clear, undefined, [handle]);
      });
    }
    Date.now = () => (this.current === null ? real.dateNow() : this.wallMs(this.current));
    performance.now = () => (this.current === null ? real.performanceNow() : this.localMs(this.current));
    Math.random = () => (this.current === null ? real.random() : this.random());
  }

  uninstall(): void {
    const { dateNow, performanceNow, random, ...timers } = real;
    for (const [name, value] of Object.entries(timers)) Reflect.set(globalThis, name, value);
    Date.now = dateNow;
    performance.now = performanceNow;
    Math.random = random;
  }

  /**
   * Runs `work` as `process`, and everything that follows from it without waiting for anything.
   * @returns whose turn it became: `work` may bring something to another process
   */
  async turn(process: SimProcess | null, work: () => void): Promise<SimProcess | null> {
    this.current = process;
    try {
      work();
      // After all that is due now: promises are settled to their end before an immediate comes.
      await new Promise<void>((resolve) => real.setImmediate(resolve));
      return this.current;
    } finally {
      this.current = null;
    }
  }

  /** Milliseconds since the start of the process, by its own clock. */
  localMs({ bornMs, clockRate }: SimProcess): number {
    return (this.agenda.nowMs - bornMs) * clockRate;
  }

  wallMs({ clockRate, wallOffsetMs }: SimProcess): number {
    return Math.floor(EPOCH_MS + wallOffsetMs + this.agenda.nowMs * clockRate);
  }

  private timer(owner: SimProcess, run: Callback, ms = 1, args: unknown[] = []): VirtualTimer {
    const handle = new VirtualTimer();
    handle.event = this.agenda.plan(Math.max(1, ms) / owner.clockRate, owner, "timer", () => run(...args));
    return handle;
  }

  private interval(owner: SimProcess, run: Callback, ms = 1, args: unknown[] = []): VirtualTimer {
    const handle = new VirtualTimer();
    const everyMs = Math.max(1, ms) / owner.clockRate;
    const again = (): void => {
      handle.event = this.agenda.plan(everyMs, owner, "interval", () => {
        again();
        run(...args);
      });
    };
    again();
    return handle;
  }

  private immediate(owner: SimProcess, run: Callback, args: unknown[]): VirtualTimer {
    const handle = new VirtualTimer();
    handle.event = this.agenda.plan(TURN_MS, owner, "turn", () => run(...args));
    return handle;
  }
}

function cancel(handle: VirtualTimer): void {
  if (handle.event !== null) handle.event.canceled = true;
}
