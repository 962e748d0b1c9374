/** The liveness phase: all faults are over, and the swarm must get going within a bounded time. */
import type { Actions } from "./actions.js";
import type { Cluster } from "./cluster.js";
import { NoProgress } from "./failure.js";
import type { SimNode } from "./sim_node.js";

/** Ticks of every node, forty election timeouts. */
const MAX_TICKS = 400;

export class Recovery {
  /** Reads that were answered with an index. */
  private readonly answered = new Set<number>();

  constructor(
    private readonly cluster: Cluster,
    private readonly actions: Actions,
  ) {}

  /**
   * There is a leader, no change of members hangs, a proposal commits, every member has applied the same, and every
   * member gets an answer to a read.
   * @throws NoProgress
   */
  run(): void {
    const { cluster } = this;
    const { network, nodes } = cluster;
    network.heal();
    while (network.heldBack > 0) network.release(0);
    cluster.onRead = (_id, { id, index }) => {
      if (index !== null) this.answered.add(id);
    };
    for (const node of nodes) {
      node.stalled = false;
      if (node.core === null) node.start();
    }
    cluster.settle();
    for (let ticks = 0; ticks < MAX_TICKS; ticks++) {
      cluster.tick();
      if (this.isDone()) return;
    }
    const states = nodes.map((node) => JSON.stringify(node.core?.status()));
    throw new NoProgress(`no progress after all faults were over:\n${states.join("\n")}`);
  }

  private isDone(): boolean {
    const { cluster, actions } = this;
    const id = cluster.leader();
    if (id === null) return false;
    const leader = cluster.core(id);
    const { voters, learners, votersOutgoing, autoLeave } = leader.configuration;
    if (votersOutgoing.length > 0 && !autoLeave) {
      actions.allowed(() => leader.proposeConfChange({ transition: "auto", changes: [] }));
    }
    const members = [...voters, ...learners].map((peer) => cluster.node(peer));
    const settled = members.every((node) => node.core?.log.appliedIndex === leader.log.lastIndex);
    if (!settled || leader.status().pendingConfig) return false;
    const before = leader.log.commitIndex;
    // A leader that is about to hand over refuses; the next one is asked then.
    actions.allowed(() => leader.propose(Buffer.from("last")));
    cluster.settle();
    return leader.log.commitIndex > before && members.every((node) => this.canRead(node));
  }

  private canRead(node: SimNode): boolean {
    const read = this.actions.readOn(node);
    this.cluster.settle();
    return read !== null && this.answered.has(read);
  }
}
