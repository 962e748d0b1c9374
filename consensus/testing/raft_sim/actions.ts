/** What can happen in a random run: work that nodes do, what clients and operators ask for, and faults. */
import { ConsensusError } from "../../errors.js";
import type { MemberChange } from "../../raft/types.js";
import type { Seeded } from "../seeded.js";
import { Clocks } from "./clocks.js";
import type { Cluster } from "./cluster.js";
import { type Done, NOBODY } from "./done.js";
import { Faults } from "./faults.js";
import type { RunPlan } from "./plan.js";
import type { SimNode } from "./sim_node.js";

export type Action = readonly [weight: number, name: string, act: () => Done | null];

/** What a run may meet besides work. */
export const FAULTS = [
  "membership",
  "transfer",
  "snapshot",
  "crash",
  "restart",
  "partition",
  "cut one way",
  "isolate",
  "stall",
  "campaign",
  "force",
  "abandon",
  "lose",
  "double",
  "hold back",
] as const;

export class Actions {
  readonly all: readonly Action[];
  /** Refusals by their code. */
  readonly refused: Record<string, number> = {};
  private readonly clocks: Clocks | null;
  private readonly faults: Faults;
  private proposals = 0;
  private reads = 0;

  constructor(
    private readonly cluster: Cluster,
    private readonly random: Seeded,
    private readonly plan: RunPlan,
  ) {
    const { clockRatio, options } = plan;
    const ids = cluster.nodes.map(({ id }) => id);
    this.clocks = clockRatio === null ? null : new Clocks(ids, random, clockRatio);
    this.faults = new Faults(cluster, random, this.clocks);
    const { faults } = this;
    // Many runs meet few kinds of faults, some meet most: all together they hide what a few of them would find.
    const share = random.pick([0.15, 0.3, 0.6]) ?? 0.3;
    const fault = (weight: number): number =>
      random.chance(share) ? weight * (random.pick([1, 5]) ?? 1) : 0;
    this.all = [
      [12, "tick", () => this.tick()],
      [70, "deliver", () => this.deliver(false)],
      [25, "take", () => this.work("canTake", (node) => node.take())],
      [25, "write", () => this.work("canWrite", (node) => node.write())],
      [12, "apply", () => this.work("canApply", (node) => node.apply())],
      [5, "propose", () => this.propose()],
      [8, "read", () => this.read()],
      [fault(1), "membership", () => this.changeMembership()],
      [fault(0.3), "transfer", () => this.transfer()],
      [fault(1), "snapshot", () => this.snapshot()],
      [fault(0.2), "crash", () => faults.crash()],
      [0.8, "restart", () => faults.restart()],
      // A cut often lasts for longer than an election takes: then there are two leaders, one of them stale.
      [fault(0.07), "partition", () => faults.partition()],
      [fault(0.07), "cut one way", () => faults.cutOneWay()],
      [fault(0.15), "isolate", () => faults.isolateLeader()],
      [0.4, "mute late", () => faults.muteLate()],
      [0.1, "heal", () => faults.heal()],
      [fault(0.1), "stall", () => faults.stall()],
      [0.4, "resume", () => faults.resume()],
      [fault(0.2), "campaign", () => this.onNode((node) => node.core?.campaign())],
      // An order to campaign that no leader gave would break a lease, whose holder knows when it has given one.
      [options.reads === "lease" ? 0 : fault(0.2), "force", () => this.force()],
      [fault(0.15), "abandon", () => this.abandon()],
      [fault(3), "lose", () => this.onNetwork((at) => cluster.network.lose(at))],
      [fault(1), "double", () => this.deliver(true)],
      [fault(1), "hold back", () => this.onNetwork((at) => cluster.network.hold(at))],
      [0.7, "release", () => faults.release()],
    ];
  }

  /** One read on `id`. @returns its number, or null when it was refused */
  readOn({ id }: SimNode): number | null {
    const read = ++this.reads;
    return this.allowed(() => this.cluster.read(id, read)) ? read : null;
  }

  /** Refusals are part of the game. @returns whether it was not refused */
  allowed(act: () => void): boolean {
    try {
      act();
      return true;
    } catch (error) {
      if (!(error instanceof ConsensusError) || error.code === "STATE_MISMATCH") throw error;
      this.refused[error.code] = (this.refused[error.code] ?? 0) + 1;
      return false;
    }
  }

  private get running(): SimNode[] {
    return this.cluster.nodes.filter((node) => node.core !== null);
  }

  private onNode(act: (node: SimNode) => void): Done | null {
    const node = this.random.pick(this.running);
    if (node === undefined) return null;
    act(node);
    return { touched: [node], what: "" };
  }

  private work(can: "canTake" | "canWrite" | "canApply", act: (node: SimNode) => void): Done | null {
    const node = this.random.pick(this.cluster.nodes.filter((n) => n[can]));
    if (node === undefined) return this.idle();
    act(node);
    return { touched: [node], what: "" };
  }

  private onLeader(act: (node: SimNode) => void): Done | null {
    const node = this.random.pick(this.cluster.nodes.filter((n) => n.core?.role === "leader"));
    if (node === undefined) return null;
    this.allowed(() => act(node));
    return { touched: [node], what: "" };
  }

  private onNetwork(act: (position: number) => void): Done | null {
    const { size } = this.cluster.network;
    if (size === 0) return null;
    act(this.random.int(size));
    return NOBODY;
  }

  private idle(): Done | null {
    if (!this.plan.fast) return null;
    return this.random.chance(0.06) ? (this.faults.release() ?? this.tick()) : this.tick();
  }

  private tick(): Done | null {
    const node = this.clocks === null ? this.random.pick(this.running) : this.clocks.next(this.running);
    node?.core?.tick();
    return node === undefined ? null : { touched: [node], what: "" };
  }

  private deliver(keep: boolean): Done | null {
    const { network, nodes } = this.cluster;
    if (network.size === 0) return this.idle();
    // Mostly in order, so that the run gets somewhere; sometimes far out of it.
    const spread = keep || this.random.chance(0.1) ? network.size : Math.min(network.size, 4);
    const message = network.deliver(this.random.int(spread), keep);
    if (message === undefined) return NOBODY;
    const touched = nodes.filter(({ id }) => id === message.to);
    // Who hands over may not hear what becomes of it.
    if (message.type === "timeoutNow" && this.random.chance(0.3)) {
      for (const { id } of nodes) network.cut(id, message.from);
    }
    return { touched, what: `${message.type} of ${message.from}` };
  }

  private propose(): Done | null {
    const data = Buffer.from(`${this.proposals++}`.padEnd(this.random.int(200)));
    return this.onLeader((node) => node.core?.propose(data));
  }

  private read(): Done | null {
    // Often where a stale answer could come from: of all that lead, or believe so.
    const leaders = this.running.filter(({ core }) => core?.role === "leader");
    const stale = leaders.length > 1 ? leaders.sort((a, b) => termOf(a) - termOf(b))[0] : undefined;
    const asked = stale ?? this.random.pick(this.random.chance(0.5) ? leaders : this.running);
    if (asked === undefined) return null;
    this.readOn(asked);
    return { touched: [asked], what: "" };
  }

  private changeMembership(): Done | null {
    // Often one change, sometimes several or the end of what has begun.
    const count = this.random.pick([1, 1, 1, 2, 3, 0]) ?? 1;
    const changes = Array.from({ length: count }, () => this.someChange());
    const transition = this.random.pick(["auto", "auto", "implicit", "explicit"] as const) ?? "auto";
    return this.onLeader((node) => node.core?.proposeConfChange({ transition, changes }));
  }

  private someChange(): MemberChange {
    const kind = this.random.pick(["addVoter", "addLearner", "remove"] as const) as MemberChange["kind"];
    const { id: peer } = this.random.pick(this.cluster.nodes) as SimNode;
    return { kind, peer };
  }

  private transfer(): Done | null {
    const { id } = this.random.pick(this.cluster.nodes) as SimNode;
    return this.onLeader((node) => node.core?.transferLeadership(id));
  }

  /** A voter no longer hears its leader, as after too many proposals that it has refused. */
  private abandon(): Done | null {
    return this.onNode(({ core }) => core?.abandonLeader(core.term));
  }

  /** An election against a living leader, as after a transfer that overtook itself. */
  private force(): Done | null {
    const from = this.random.pick(this.cluster.nodes)?.id ?? "";
    return this.onNode(({ id, core }) => core?.step({ type: "timeoutNow", from, to: id, term: core.term }));
  }

  private snapshot(): Done | null {
    return this.onNode((node) => node.snapshot(this.random.int(6), this.random.int(4000)));
  }
}

function termOf(node: SimNode): number {
  return node.core?.term ?? 0;
}
