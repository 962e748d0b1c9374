/** Does one harm after another to a swarm, as a seed says; who leads at the time is the swarm's own matter. */
import { setTimeout } from "node:timers/promises";
import type { Seeded } from "../../consensus/testing/seeded.js";
import type { LocalNode } from "../../scripts/lib/local_swarm.js";
import { type FaultKind, type Grounds, RECIPES } from "./faults.js";

const QUIET_MS = { min: 1000, max: 3000 };
/** From less than an election takes to more than a client waits. */
const HARM_MS = { min: 1000, max: 7000 };
const ASK_MS = 1000;

export class Nemesis {
  readonly counts: Record<FaultKind, number> = { kill: 0, pause: 0, cut: 0 };
  /** Nodes that were down though nobody had killed them. */
  readonly ended = new Set<LocalNode>();
  /** Each recipe once, in an order of chance, then again: a short run sees many kinds. */
  private deck: (typeof RECIPES)[number][] = [];

  /** @param note writes what was done into the history */
  constructor(
    private readonly grounds: Grounds,
    private readonly random: Seeded,
    private readonly note: (what: string) => void,
  ) {}

  /** @returns with everything healed and started again */
  async run(signal: AbortSignal): Promise<void> {
    await this.wait(QUIET_MS, signal);
    while (!signal.aborted) {
      this.noteEnded();
      const recipe = this.draw();
      const nodes = this.shuffled(this.grounds.local.nodes);
      const leader = await leaderAmong(nodes);
      const inOrder = leader === null ? nodes : [leader, ...nodes.filter((node) => node !== leader)];
      const fault = await recipe.begin(this.grounds, inOrder, this.random);
      this.counts[fault.kind]++;
      this.note(fault.what);
      await this.wait(HARM_MS, signal);
      fault.end();
      this.note(`over: ${fault.what}`);
      await this.wait(QUIET_MS, signal);
    }
    this.noteEnded();
  }

  /** To be called while every node should run. */
  private noteEnded(): void {
    for (const node of this.grounds.local.nodes) if (node.process === null) this.ended.add(node);
  }

  private draw(): (typeof RECIPES)[number] {
    if (this.deck.length === 0)
      this.deck = this.shuffled(RECIPES.filter((r) => !r.needsNetwork || this.grounds.network !== null));
    return this.deck.pop() as (typeof RECIPES)[number];
  }

  private shuffled<T>(list: readonly T[]): T[] {
    const rest = [...list];
    return list.map(() => rest.splice(this.random.int(rest.length), 1)[0] as T);
  }

  private async wait({ min, max }: { min: number; max: number }, signal: AbortSignal): Promise<void> {
    const ms = min + this.random.int(max - min);
    await setTimeout(ms, undefined, { signal }).catch(() => undefined);
  }
}

/** Whom the node with the newest term takes for the leader. */
async function leaderAmong(nodes: readonly LocalNode[]): Promise<LocalNode | null> {
  const answers = await Promise.all(
    nodes.map((node) =>
      Promise.race([node.api.consensus().catch(() => null), setTimeout(ASK_MS, null, { ref: false })]),
    ),
  );
  const newest = answers
    .flatMap((answer) => (answer === null || answer.leader === null ? [] : [answer]))
    .sort((a, b) => (b.term ?? 0) - (a.term ?? 0))[0];
  return nodes.find((node) => node.peer === newest?.leader) ?? null;
}
