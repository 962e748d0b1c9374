/** Several simulated nodes on one simulated network; every step is checked against the invariants. */
import type { Message } from "../../raft/messages.js";
import { raftOptions } from "../../raft/options.js";
import type { RaftOptions, ReadState } from "../../raft/types.js";
import { genesisWrite } from "../../storage/genesis.js";
import { allInvariants } from "../invariants/index.js";
import { Watch } from "../invariants/watch.js";
import { Seeded } from "../seeded.js";
import { SimNetwork } from "./network.js";
import { SimNode } from "./sim_node.js";

export interface ClusterInit {
  readonly voters: readonly string[];
  /** Belong to it from the start, without a vote. */
  readonly learners?: readonly string[];
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
  private readonly watch = new Watch(allInvariants());

  constructor(init: ClusterInit) {
    this.random = init.random ?? new Seeded(1);
    const options = raftOptions(init.options);
    const { voters, learners = [], spares = [] } = init;
    const ids = [...voters, ...learners, ...spares];
    this.nodes = ids.map(
      (id) =>
        new SimNode({
          id,
          options,
          random: this.random.next,
          send: (node, message) => {
            this.watch.tell("sent", node, message);
            this.network.send(message);
          },
          onRead: (node, state) => {
            this.watch.tell("answered", node, state);
            this.onRead?.(node.id, state);
          },
          onApplied: (node, applied) => this.watch.tell("applied", node, applied),
          onCompacted: (node, index, keep) => this.watch.tell("compacted", node, index, keep),
        }),
    );
    for (const node of this.nodes) {
      if (!spares.includes(node.id)) node.disk.save(genesisWrite(node.disk.read(), { voters, learners }));
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

  /** @param touched the nodes that the last step may have changed */
  check(touched: readonly SimNode[] = this.nodes): void {
    for (const node of touched) this.watch.tell("check", node, this.nodes);
  }

  /**
   * Asks `id` for a read under a number of its own.
   * @throws ConsensusError as `RaftCore.readIndex`
   */
  read(id: string, read: number): void {
    this.watch.tell("asked", this.node(id), read);
    this.core(id).readIndex(read);
  }

  /** Carries out everything that is due and delivers every message, in order, until nothing is left. */
  settle(maxRounds = 10_000): void {
    for (let round = 0; round < maxRounds; round++) {
      const worked = this.nodes.map((node) => node.process() || node.apply()).includes(true);
      if (this.network.size > 0) this.network.deliver(0);
      else if (!worked) {
        this.check();
        return;
      }
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
