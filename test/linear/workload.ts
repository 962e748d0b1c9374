/** A client that asks one node after another for operations on few keys, so that clients get into each other's way. */
import { setTimeout } from "node:timers/promises";
import type { Seeded } from "../../consensus/testing/seeded.js";
import type { HistoryFile, Operation, Outcome } from "./history.js";

/** Between two operations of a client, at most. */
const PAUSE_MS_MAX = 60;
/** After one that failed: what is down or cut off now will be so for a while. */
const AFTER_FAILURE_MS = 150;

/** A node as a client sees it. */
export interface Door {
  readonly name: string;
  run(operation: Operation): Promise<Outcome>;
}

export interface Tally {
  ok: number;
  /** Of `ok`: conditions that did not hold. */
  conflict: number;
  fail: number;
  unknown: number;
}

export class WorkloadClient {
  readonly tally: Tally = { ok: 0, conflict: 0, fail: 0, unknown: 0 };
  /** What it last saw of a key, to make its changes conditional on: 0 when there was nothing. */
  private readonly seen = new Map<string, number>();
  private written = 0;
  private process: number;

  /** @param clients of them in all: numbers of processes are not given twice */
  constructor(
    private readonly number: number,
    private readonly clients: number,
    private readonly random: Seeded,
    private readonly keys: readonly string[],
    private readonly doors: readonly Door[],
    private readonly history: HistoryFile,
  ) {
    this.process = number;
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const door = this.random.pick(this.doors) as Door;
      const outcome = await this.operate(door, this.choose());
      const pauseMs = outcome.event === "ok" ? this.random.int(PAUSE_MS_MAX) : AFTER_FAILURE_MS;
      await setTimeout(pauseMs);
    }
  }

  /** What every node says in the end. */
  async readAll(): Promise<Outcome[]> {
    const outcomes: Outcome[] = [];
    for (const door of this.doors)
      for (const key of this.keys) outcomes.push(await this.operate(door, { op: "get", key }));
    return outcomes;
  }

  private choose(): Operation {
    const { random } = this;
    const key = random.pick(this.keys) as string;
    const chance = random.next();
    if (chance < 0.4) return { op: "get", key };
    // Values are written once, so that a reader tells which write it sees.
    const value = `${this.number}-${++this.written}`;
    if (chance < 0.6) return { op: "set", key, value, expect: null };
    const expect = this.seen.get(key);
    if (expect === undefined) return { op: "get", key };
    if (chance < 0.9) return { op: "set", key, value, expect };
    return { op: "delete", key, expect: expect > 0 && random.chance(0.5) ? expect : null };
  }

  private async operate(door: Door, operation: Operation): Promise<Outcome> {
    const { history, tally } = this;
    const id = history.invoke(this.process, door.name, operation);
    const outcome = await door.run(operation);
    history.end(id, outcome);
    tally[outcome.event]++;
    if (outcome.event === "unknown") this.process += this.clients;
    if (outcome.event !== "ok") return outcome;
    const { result } = outcome;
    if (result.kind === "conflict") tally.conflict++;
    const sees = result.kind === "value" || (result.kind === "written" && operation.op === "set");
    // The revision of a conflict is that of a value that was not seen: who wants to replace it reads it first.
    if (result.kind === "conflict") this.seen.delete(operation.key);
    else this.seen.set(operation.key, sees ? result.revision : 0);
    return outcome;
  }
}
