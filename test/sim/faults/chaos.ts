/**
 * How much of each fault a run has, drawn from its seed, and how often each has happened. Each kind draws from a
 * generator of its own, so that a run with one kind switched off stays as close as it can to the run with it.
 */
import { Seeded } from "../../../consensus/testing/seeded.js";

export const FAULT_KINDS = [
  "delay",
  "loss",
  "duplicate",
  "reorder",
  "partition",
  "oneWay",
  "crash",
  "lostWrites",
  "tornWrite",
  "bitFlip",
  "lostSynced",
  "diskFull",
  "diskSlow",
  "clockSkew",
  "pause",
  "trainer",
  "blobDamage",
  "membership",
  "jointChange",
  "removal",
  "transfer",
  "versionSkew",
  "yesVoter",
  "garbageVoter",
  "wrongLeader",
  "liar",
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

/** Absent, usual or frequent in a run: together they would hide what one of them alone finds. */
const LEVELS = [0, 1, 1, 4] as const;

export class Chaos {
  readonly counts: Record<string, number> = {};
  /** False once everything is to heal. */
  active = true;
  private readonly levels = new Map<FaultKind, number>();
  private readonly streams = new Map<FaultKind, Seeded>();

  /** @param disabled kinds that do not happen, whatever the seed says */
  constructor(
    seed: number,
    private readonly disabled: ReadonlySet<FaultKind>,
  ) {
    const draw = new Seeded(seed ^ 0x5eed);
    for (const [i, kind] of FAULT_KINDS.entries()) {
      this.levels.set(kind, draw.pick(LEVELS) as number);
      this.streams.set(kind, new Seeded(Math.imul(seed + 1, 0x9e3779b1) + i * 0x85ebca6b));
    }
  }

  random(kind: FaultKind): Seeded {
    return this.streams.get(kind) as Seeded;
  }

  /** 0 when this run has none of it. */
  level(kind: FaultKind): number {
    return this.active && !this.disabled.has(kind) ? (this.levels.get(kind) as number) : 0;
  }

  /** Draws in any case. @returns whether it happens now, which is then counted */
  strikes(kind: FaultKind, probability: number): boolean {
    const drawn = this.random(kind).next();
    if (drawn >= probability * this.level(kind)) return false;
    this.happened(kind);
    return true;
  }

  happened(kind: FaultKind): void {
    this.counts[kind] = (this.counts[kind] ?? 0) + 1;
  }
}
