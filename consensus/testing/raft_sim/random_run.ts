/** A run in which a seed decides everything: who ticks, what is lost, who crashes when, who joins and leaves. */

import { createHash } from "node:crypto";
import { ConsensusError } from "../../errors.js";
import type { MemberChange, RaftOptions } from "../../raft/types.js";
import { Seeded } from "../seeded.js";
import { Cluster } from "./cluster.js";
import type { SimNode } from "./sim_node.js";

/** Small bounds, so that a short run meets all of them. */
const OPTIONS: Partial<RaftOptions> = {
  electionTicks: 10,
  snapshotRetryTicks: 20,
  maxEntryBytes: 1024,
  maxAppendBytes: 1024,
  maxAppendEntries: 4,
  maxInflightAppends: 3,
  maxInflightBytes: 2048,
  snapshotChunkBytes: 1024,
  maxInflightChunks: 2,
  maxUncommittedBytes: 1024,
  maxApplyBytes: 1024,
};
const VOTERS = ["a", "b", "c"];
const SPARES = ["d", "e", "f"];

export interface RunReport {
  readonly seed: number;
  /** Digest of every step taken and every state reached: equal for equal seeds. */
  readonly trace: string;
  readonly committed: number;
  readonly term: number;
  readonly counts: Readonly<Record<string, number>>;
}

type Action = readonly [weight: number, name: string, run: () => boolean];

export class RandomRun {
  private readonly random: Seeded;
  private readonly cluster: Cluster;
  private readonly trace = createHash("sha256");
  private readonly counts: Record<string, number> = {};
  private readonly actions: readonly Action[];
  private readonly totalWeight: number;
  private proposals = 0;
  private reads = 1;

  constructor(private readonly seed: number) {
    this.random = new Seeded(seed);
    this.cluster = new Cluster({ voters: VOTERS, spares: SPARES, options: OPTIONS, random: this.random });
    // Each kind of fault is absent, usual or frequent in a run: together they hide what one of them alone would find.
    const fault = (weight: number): number => weight * (this.random.pick([0, 1, 5]) ?? 1);
    this.actions = [
      [14, "tick", () => this.tick()],
      [70, "deliver", () => this.deliver()],
      [60, "take", () => this.someNode()?.take() ?? false],
      [60, "write", () => this.someNode()?.write() ?? false],
      [40, "apply", () => this.someNode()?.apply() ?? false],
      [8, "propose", () => this.propose()],
      [4, "read", () => this.read()],
      [fault(1), "membership", () => this.changeMembership()],
      [fault(0.2), "transfer", () => this.transfer()],
      [fault(1), "snapshot", () => this.snapshot()],
      [fault(0.4), "crash", () => this.crash()],
      [1, "restart", () => this.restart()],
      [fault(0.2), "partition", () => this.partition()],
      [0.4, "heal", () => this.heal()],
      [fault(0.2), "campaign", () => this.campaign()],
      [fault(0.2), "force", () => this.force()],
      [fault(0.4), "abandon", () => this.abandon()],
      [fault(3), "lose", () => this.lose()],
      [fault(1), "double", () => this.double()],
    ];
    this.totalWeight = this.actions.reduce((sum, [weight]) => sum + weight, 0);
  }

  /** @throws when an invariant breaks, or when the swarm does not recover once all faults are over */
  run(steps: number): RunReport {
    for (let step = 0; step < steps; step++) {
      const [, name, act] = this.nextAction();
      if (!act()) continue;
      this.counts[name] = (this.counts[name] ?? 0) + 1;
      this.trace.update(`${name} ${this.digest()}\n`);
      this.cluster.check();
    }
    this.recover();
    this.trace.update(this.digest());
    const leader = this.cluster.core(this.cluster.leader() as string);
    const { seed, counts } = this;
    return {
      seed,
      trace: this.trace.digest("hex"),
      committed: leader.log.commitIndex,
      term: leader.term,
      counts,
    };
  }

  private nextAction(): Action {
    let left = this.random.next() * this.totalWeight;
    for (const action of this.actions) {
      left -= action[0];
      if (left < 0) return action;
    }
    return this.actions[0] as Action;
  }

  private someNode(): SimNode | undefined {
    return this.random.pick(this.cluster.nodes.filter((n) => n.core !== null));
  }

  private someLeader(): SimNode | undefined {
    return this.random.pick(this.cluster.nodes.filter((n) => n.core?.role === "leader"));
  }

  private tick(): boolean {
    this.someNode()?.core?.tick();
    return true;
  }

  private deliver(): boolean {
    const { network } = this.cluster;
    if (network.size === 0) return false;
    // Mostly in order, so that the run gets somewhere; sometimes far out of it.
    const spread = this.random.chance(0.1) ? network.size : Math.min(network.size, 4);
    network.deliver(this.random.int(spread));
    return true;
  }

  private lose(): boolean {
    const { network } = this.cluster;
    if (network.size > 0) network.lose(this.random.int(network.size));
    return true;
  }

  private double(): boolean {
    const { network } = this.cluster;
    if (network.size > 0) network.deliver(this.random.int(network.size), true);
    return true;
  }

  private propose(): boolean {
    const data = Buffer.from(`${this.proposals++}`.padEnd(this.random.int(200)));
    return this.asLeader((node) => node.core?.propose(data));
  }

  private changeMembership(): boolean {
    // Often one change, sometimes several or the end of what has begun.
    const changes = Array.from({ length: this.random.pick([1, 1, 1, 2, 3, 0]) ?? 1 }, () =>
      this.someChange(),
    );
    const transition = this.random.pick(["auto", "auto", "implicit", "explicit"] as const) ?? "auto";
    return this.asLeader((node) => node.core?.proposeConfChange({ transition, changes }));
  }

  private someChange(): MemberChange {
    const kind = this.random.pick(["addVoter", "addLearner", "remove"] as const) as MemberChange["kind"];
    const { id: peer } = this.random.pick(this.cluster.nodes) as SimNode;
    return { kind, peer };
  }

  private read(): boolean {
    const id = this.reads++;
    const node = this.someNode();
    try {
      node?.core?.readIndex(id);
    } catch (error) {
      if (!(error instanceof ConsensusError)) throw error;
      this.counts[error.code] = (this.counts[error.code] ?? 0) + 1;
    }
    return node !== undefined;
  }

  private transfer(): boolean {
    const { id } = this.random.pick(this.cluster.nodes) as SimNode;
    return this.asLeader((node) => node.core?.transferLeadership(id));
  }

  /** Refusals are part of the game. */
  private asLeader(act: (node: SimNode) => void): boolean {
    const node = this.someLeader();
    if (node === undefined) return false;
    try {
      act(node);
    } catch (error) {
      if (!(error instanceof ConsensusError)) throw error;
      this.counts[error.code] = (this.counts[error.code] ?? 0) + 1;
    }
    return true;
  }

  private campaign(): boolean {
    this.someNode()?.core?.campaign();
    return true;
  }

  /** A voter no longer hears its leader, as after too many proposals that it has refused. */
  private abandon(): boolean {
    const core = this.someNode()?.core;
    core?.abandonLeader(core.term);
    return core !== undefined;
  }

  /** An election against a living leader, as after a transfer that overtook itself. */
  private force(): boolean {
    const node = this.someNode();
    const from = this.random.pick(this.cluster.nodes)?.id ?? "";
    node?.core?.step({ type: "timeoutNow", from, to: node.id, term: node.core.term });
    return node !== undefined;
  }

  private snapshot(): boolean {
    this.someNode()?.snapshot(this.random.int(6), this.random.int(4000));
    return true;
  }

  private crash(): boolean {
    const node = this.someNode();
    if (node === undefined) return false;
    // With writes under way, done, or done without a word.
    if (this.random.chance(0.5)) node.take();
    if (this.random.chance(0.5)) node.write(this.random.chance(0.5));
    node.crash(this.random.chance(0.5));
    return true;
  }

  private restart(): boolean {
    const node = this.random.pick(this.cluster.nodes.filter((n) => n.core === null));
    node?.start();
    return node !== undefined;
  }

  private partition(): boolean {
    const groups: string[][] = [[], []];
    for (const { id } of this.cluster.nodes) groups[this.random.int(2)]?.push(id);
    this.cluster.network.partition(groups);
    return true;
  }

  private heal(): boolean {
    this.cluster.network.heal();
    return true;
  }

  /** All faults over: within a bounded time there is a leader, it commits, and every member has applied the same. */
  private recover(): void {
    const { cluster } = this;
    cluster.network.heal();
    for (const node of cluster.nodes) if (node.core === null) node.start();
    cluster.settle();
    for (let ticks = 0; ticks < 400; ticks++) {
      cluster.tick();
      if (this.isDone()) return;
    }
    const states = cluster.nodes.map((n) => JSON.stringify(n.core?.status()));
    throw new Error(`no progress after all faults were over:\n${states.join("\n")}`);
  }

  private isDone(): boolean {
    const { cluster } = this;
    const id = cluster.leader();
    if (id === null) return false;
    const leader = cluster.core(id);
    const { voters, learners } = leader.configuration;
    const settled = [...voters, ...learners].every(
      (peer) => cluster.core(peer).log.appliedIndex === leader.log.lastIndex,
    );
    const { votersOutgoing, autoLeave } = leader.configuration;
    if (votersOutgoing.length > 0 && !autoLeave) {
      this.asLeader((node) => node.core?.proposeConfChange({ transition: "auto", changes: [] }));
    }
    if (!settled || leader.status().pendingConfig) return false;
    const before = leader.log.commitIndex;
    // A leader that is about to hand over refuses; the next one is asked then.
    this.asLeader((node) => node.core?.propose(Buffer.from("last")));
    cluster.settle();
    return leader.log.commitIndex > before;
  }

  private digest(): string {
    const states = this.cluster.nodes.map(({ core, digest }) =>
      core === null
        ? "down"
        : `${core.role} ${core.term} ${core.leader} ${core.log.lastIndex} ${core.log.commitIndex} ${digest}`,
    );
    return `${states.join("; ")} ${this.cluster.network.size}`;
  }
}
