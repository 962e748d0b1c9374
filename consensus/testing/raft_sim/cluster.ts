/** Several simulated nodes on one simulated network; every step is checked against the invariants. */
import type { Message } from "../../raft/messages.js";
import { raftOptions } from "../../raft/options.js";
import type { RaftOptions, ReadState } from "../../raft/types.js";
import { genesisWrite } from "../../storage/genesis.js";
import { allInvariants } from "../invariants/index.js";
import { Seeded } from "../seeded.js";
import { SimNetwork } from "./network.js";
import { SimNode } from "./sim_node.js";

export interface ClusterInit {
  readonly voters: readonly string[];
  /** Run from the start but belong to nothing yet. */
  readonly spares?: readonly string[];
  readonly options?: Partial<RaftOptions>;
  readonly random?: Seeded;
}

export class Cluster {
  readonly nodes: SimNode[];
  readonly random: Seeded;
  readonly network = new SimNetwork((message) => this.take(message));
  /** Everything that was delivered, when somebody wants to look. */
  onDeliver: ((message: Message) => void) | null = null;
  /** Every answer to a read. */
  onRead: ((id: string, state: ReadState) => void) | null = null;
  private readonly invariants = allInvariants();

  constructor(init: ClusterInit) {
    this.random = init.random ?? new Seeded(1);
    const options = raftOptions(init.options);
    const ids = [...init.voters, ...(init.spares ?? [])];
    this.nodes = ids.map(
      (id) =>
        new SimNode({
          id,
          options,
          random: this.random.next,
          send: (message) => this.network.send(message),
          onRead: (who, state) => this.onRead?.(who, state),
          onApplied: (who, applied) => {
            for (const invariant of this.invariants) invariant.applied?.(who, applied);
          },
        }),
    );
    for (const node of this.nodes) {
      if (init.voters.includes(node.id)) {
        node.disk.save(genesisWrite(node.disk.read(), { voters: init.voters, learners: [] }));
      }
      node.start();
    }
  }

  node(id: string): SimNode {
    const node = this.nodes.find((n) => n.id === id);
    if (node === undefined) throw new RangeError(`no node ${id}`);
    return node;
  }

  /** The running core of `id`. */
  core(id: string): NonNullable<SimNode["core"]> {
    const { core } = this.node(id);
    if (core === null) throw new RangeError(`${id} does not run`);
    return core;
  }

  /** The leader of the highest term, if one runs. */
  leader(): string | null {
    const leaders = this.nodes.filter((n) => n.core?.role === "leader");
    leaders.sort((a, b) => (b.core?.term ?? 0) - (a.core?.term ?? 0));
    return leaders[0]?.id ?? null;
  }

  check(): void {
    for (const invariant of this.invariants) invariant.check(this);
  }

  /** Carries out everything that is due and delivers every message, in order, until nothing is left. */
  settle(maxRounds = 10_000): void {
    for (let round = 0; round < maxRounds; round++) {
      const worked = this.nodes.map((node) => node.process() || node.apply()).includes(true);
      if (this.network.size > 0) this.network.deliver(0);
      else if (!worked) return;
      this.check();
    }
    throw new Error("the cluster does not come to rest");
  }

  /** `times` ticks of every running node (or of `ids` alone), settling after each. */
  tick(times = 1, ids?: readonly string[]): void {
    for (let i = 0; i < times; i++) {
      for (const node of this.nodes) if (ids?.includes(node.id) ?? true) node.core?.tick();
      this.settle();
    }
  }

  elect(id: string): void {
    this.core(id).campaign();
    this.settle();
    if (this.leader() !== id) throw new Error(`${id} was not elected, ${this.leader()} leads`);
  }

  private take(message: Message): void {
    this.onDeliver?.(message);
    this.nodes.find((n) => n.id === message.to)?.core?.step(message);
  }
}
