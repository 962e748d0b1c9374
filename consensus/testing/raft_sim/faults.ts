/** What goes wrong in a random run: power, disks, links. */
import type { Seeded } from "../seeded.js";
import type { Clocks } from "./clocks.js";
import type { Cluster } from "./cluster.js";
import { type Done, NOBODY } from "./done.js";
import type { SimNode } from "./sim_node.js";

export class Faults {
  constructor(
    private readonly cluster: Cluster,
    private readonly random: Seeded,
    private readonly clocks: Clocks | null,
  ) {}

  /** With none, some or all of the writes under way done, without a word; and with or without what was not synced. */
  crash(): Done | null {
    return this.onNode((node) => {
      if (this.random.chance(0.5)) node.take();
      for (let done = this.random.int(node.unstoredReadys + 1); done > 0; done--) node.write(true);
      node.crash(this.random.chance(0.5));
    });
  }

  restart(): Done | null {
    const node = this.random.pick(this.cluster.nodes.filter((n) => n.core === null));
    if (node === undefined) return null;
    this.start(node);
    return { touched: [node], what: "" };
  }

  private start(node: SimNode): void {
    node.start();
    this.clocks?.restarted(node.id);
  }

  private reboot(node: SimNode): void {
    if (node.core === null) return;
    node.crash(this.random.chance(0.5));
    this.start(node);
  }

  partition(): Done {
    const groups: string[][] = [[], []];
    for (const { id } of this.cluster.nodes) groups[this.random.int(2)]?.push(id);
    this.cluster.network.partition(groups);
    return { touched: [], what: groups.join(" / ") };
  }

  /** One node is not heard by some others, or does not hear them, while the other way works. */
  cutOneWay(): Done {
    const { id } = this.random.pick(this.cluster.nodes) as SimNode;
    const mute = this.random.chance(0.5);
    const others = this.cluster.nodes.filter((node) => node.id !== id && this.random.chance(0.6));
    for (const other of others) {
      if (mute) this.cluster.network.cut(id, other.id);
      else this.cluster.network.cut(other.id, id);
    }
    return { touched: [], what: `${id} ${mute ? "mute to" : "deaf to"} ${others.map((other) => other.id)}` };
  }

  /** A leader that does not hear of its successor: the beginning of a stale answer. */
  isolateLeader(): Done | null {
    const { network, nodes } = this.cluster;
    const leader = this.random.pick(nodes.filter(({ core }) => core?.role === "leader"));
    const successor = this.random.pick(this.running);
    if (leader === undefined || successor === undefined) return null;
    const how = this.random.pick(["cut off", "deaf", "mute", "late", "late"] as const);
    // All the others reach each other, else nobody would follow it.
    network.heal();
    // Sometimes with a friend.
    const friend = this.random.chance(0.3) ? this.random.pick(nodes) : undefined;
    for (const { id } of nodes) {
      if (id === leader.id || id === friend?.id) continue;
      if (how === "cut off" || how === "mute") network.cut(leader.id, id);
      if (how === "cut off" || how === "deaf") network.cut(id, leader.id);
      if (how === "late") network.slowDown(id, leader.id);
    }
    const then = this.random.pick(["campaign", "campaign", "reboot", "wait"] as const);
    // The others lose their power for a moment, and with it what they only kept in mind.
    if (then === "reboot") for (const node of nodes) if (node !== leader) this.reboot(node);
    if (then !== "wait") successor.core?.campaign();
    return { touched: nodes, what: `${leader.id} ${how}, ${successor.id} may follow it: ${then}` };
  }

  /** A leader that hears late is no longer heard, while answers to it are still on their way. */
  muteLate(): Done | null {
    const { network, nodes } = this.cluster;
    const leader = nodes.find(({ id, core }) => core?.role === "leader" && network.hearsLate(id));
    if (leader === undefined) return null;
    for (const { id } of nodes) network.cut(leader.id, id);
    return { touched: [], what: leader.id };
  }

  heal(): Done {
    this.cluster.network.heal();
    return NOBODY;
  }

  stall(): Done | null {
    return this.onNode((node) => {
      node.stalled = true;
    });
  }

  resume(): Done | null {
    const node = this.random.pick(this.cluster.nodes.filter(({ stalled }) => stalled));
    if (node === undefined) return null;
    node.stalled = false;
    return { touched: [node], what: "" };
  }

  release(): Done | null {
    const { network } = this.cluster;
    if (network.heldBack === 0) return null;
    network.release(this.random.int(network.heldBack));
    return NOBODY;
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
}
