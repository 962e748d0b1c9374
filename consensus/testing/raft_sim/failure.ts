/** Says of a run that failed what is needed to see it again. */
import { ConsensusError } from "../../errors.js";
import { InvariantBroken } from "../invariants/index.js";

/** Steps that are told of a failed run. */
const TOLD_EVENTS = 30;

/** The last steps, in words. */
export class Events {
  private readonly ring: string[] = new Array(TOLD_EVENTS).fill("");
  private count = 0;

  add(event: string): void {
    this.ring[this.count++ % TOLD_EVENTS] = event;
  }

  last(): string[] {
    const from = Math.max(0, this.count - TOLD_EVENTS);
    return Array.from({ length: this.count - from }, (_, i) => this.ring[(from + i) % TOLD_EVENTS] as string);
  }
}

export interface FailedAt {
  readonly seed: number;
  readonly steps: number;
  /** The step that failed; equal to `steps` when it was in the recovery afterwards. */
  readonly step: number;
  readonly plan: string;
  readonly events: readonly string[];
}

export class RunFailed extends Error {
  override readonly name = "RunFailed";
  /** The invariant that broke; `liveness`; or the code of an error of the core, which must not stop in a simulation. */
  readonly broken: string;
  readonly seed: number;
  readonly step: number;

  constructor(cause: unknown, at: FailedAt) {
    const broken = nameOf(cause);
    const text = cause instanceof Error ? cause.message : String(cause);
    super(
      [
        `seed ${at.seed}, step ${at.step}${at.step === at.steps ? " (recovery)" : ""}: ${text}`,
        `swarm: ${at.plan}`,
        `replay: npm run test:raft -- --seed ${at.seed} --steps ${at.steps}`,
        "the last steps:",
        ...at.events.map((event) => `  ${event}`),
      ].join("\n"),
      { cause },
    );
    this.broken = broken;
    this.seed = at.seed;
    this.step = at.step;
  }
}

/** The swarm did not do in time what it must once all faults are over. */
export class NoProgress extends Error {
  override readonly name = "NoProgress";
}

function nameOf(cause: unknown): string {
  if (cause instanceof InvariantBroken) return cause.invariant;
  if (cause instanceof NoProgress) return "liveness";
  if (cause instanceof ConsensusError) return cause.code;
  return cause instanceof Error ? cause.name : "error";
}
