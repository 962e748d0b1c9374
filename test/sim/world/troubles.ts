/** When each fault strikes, how long it lasts, and on whom. */
import type { FaultKind } from "../faults/chaos.js";
import type { Clients } from "./clients.js";
import { flipBit, loseSynced } from "./damage.js";
import type { Operator } from "./operator.js";
import type { SimNode } from "./sim_node.js";
import type { World } from "./world.js";

/** Milliseconds between two of a kind, on average, in a run that has it at the usual level. */
const EVERY_MS: Partial<Record<FaultKind, number>> = {
  partition: 2500,
  oneWay: 2500,
  crash: 2500,
  bitFlip: 6000,
  lostSynced: 6000,
  diskFull: 5000,
  diskSlow: 4000,
  pause: 3000,
  blobDamage: 1500,
  membership: 4000,
  jointChange: 2500,
  removal: 6000,
  transfer: 3000,
  versionSkew: 2000,
};
const LASTS_MS_MIN = 100;
const LASTS_MS_SPREAD = 3000;

export class Troubles {
  constructor(
    private readonly world: World,
    private readonly operator: Operator,
    private readonly clients: Clients,
  ) {}

  start(): void {
    for (const kind of Object.keys(EVERY_MS) as FaultKind[]) {
      if (this.world.chaos.level(kind) > 0) this.planNext(kind);
    }
  }

  /** Everything that can be healed from outside. Damaged disks are the operator's. */
  heal(): void {
    const { world } = this;
    world.chaos.active = false;
    world.network.heal();
    for (const node of world.nodes.values()) {
      node.disk.full = false;
      node.disk.slowness = 1;
      node.pausedUntilMs = 0;
      if (node.standing === "down") world.startNode(node);
    }
  }

  private planNext(kind: FaultKind): void {
    const { agenda, chaos } = this.world;
    const meanMs = (EVERY_MS[kind] ?? 0) / Math.max(1, chaos.level(kind));
    const waitMs = -Math.log(1 - chaos.random(kind).next()) * meanMs;
    agenda.plan(waitMs, null, kind, () => {
      if (chaos.level(kind) === 0) return;
      if (this.strike(kind)) chaos.happened(kind);
      this.planNext(kind);
    });
  }

  private strike(kind: FaultKind): boolean {
    switch (kind) {
      case "partition":
        return this.partition();
      case "oneWay":
        return this.cutOneWay();
      case "crash":
        return this.crash();
      case "bitFlip":
      case "lostSynced":
        return this.damage(kind);
      case "diskFull":
        return this.fillDisk();
      case "diskSlow":
        return this.slowDisk();
      case "pause":
        return this.pause();
      case "blobDamage":
        return this.damageBlob();
      case "membership":
        return this.operator.isIdle && this.operator.add();
      case "jointChange":
        return this.operator.changeJointly();
      case "removal":
        return this.remove();
      case "transfer":
        return this.operator.transfer();
      case "versionSkew":
        return this.speakNewer();
      default:
        return false;
    }
  }

  private partition(): boolean {
    const { world } = this;
    const random = world.chaos.random("partition");
    const groups: string[][] = [[], []];
    for (const { name } of world.present) groups[random.int(2)]?.push(name);
    world.network.partition(groups);
    this.later("partition", "heal", () => world.network.heal());
    return true;
  }

  private cutOneWay(): boolean {
    const { world } = this;
    const [a, b] = [this.victim("oneWay"), this.victim("oneWay")];
    if (a === undefined || b === undefined || a === b) return false;
    world.network.cutOneWay(a.name, b.name);
    this.later("oneWay", "heal", () => world.network.heal());
    return true;
  }

  private crash(): boolean {
    const node = this.victim("crash");
    if (node === undefined) return false;
    this.world.crash(node);
    this.restartLater("crash", node);
    return true;
  }

  private damage(kind: "bitFlip" | "lostSynced"): boolean {
    const node = this.victim(kind);
    if (node === undefined || !this.operator.canLose(node)) return false;
    const { world } = this;
    world.crash(node);
    const words = kind === "bitFlip" ? flipBit(node.disk, world.chaos.random(kind)) : loseSynced(node.disk);
    node.expectedRefusal = words;
    world.startNode(node);
    // Whoever looks after it sees that it does not start, and replaces it.
    if (words !== null) this.operator.remove(node, true);
    return words !== null;
  }

  private fillDisk(): boolean {
    const node = this.victim("diskFull");
    if (node === undefined) return false;
    node.disk.full = true;
    this.later("diskFull", "room", () => {
      node.disk.full = false;
      if (node.standing === "down") this.world.startNode(node);
    });
    return true;
  }

  private slowDisk(): boolean {
    const node = this.victim("diskSlow");
    if (node === undefined) return false;
    const random = this.world.chaos.random("diskSlow");
    node.disk.slowness = random.pick([5, 20, 100, 1000]) ?? 5;
    this.later("diskSlow", "fast again", () => {
      node.disk.slowness = 1;
    });
    return true;
  }

  private pause(): boolean {
    const node = this.victim("pause");
    if (node === undefined) return false;
    const ms = this.duration("pause");
    node.pausedUntilMs = this.world.agenda.nowMs + ms;
    return true;
  }

  private damageBlob(): boolean {
    const node = this.victim("blobDamage");
    const blob = this.world.chaos.random("blobDamage").pick([...(node?.disk.blobs.values() ?? [])]);
    if (blob === undefined) return false;
    blob.damaged = true;
    return true;
  }

  private remove(): boolean {
    const { world, operator } = this;
    const node = this.victim("removal");
    if (node === undefined || !operator.isIdle || world.present.length < 2) return false;
    operator.remove(node, world.chaos.random("removal").chance(0.5));
    return true;
  }

  private speakNewer(): boolean {
    const life = this.world.leader?.life;
    if (!life) return false;
    this.clients.newerDialect(life);
    return true;
  }

  private restartLater(kind: FaultKind, node: SimNode): void {
    this.later(kind, "restart", () => {
      if (node.standing === "down") this.world.startNode(node);
    });
  }

  private later(kind: FaultKind, label: string, run: () => void): void {
    this.world.agenda.plan(this.duration(kind), null, label, run);
  }

  private duration(kind: FaultKind): number {
    return LASTS_MS_MIN + LASTS_MS_SPREAD * this.world.chaos.random(kind).next() ** 2;
  }

  private victim(kind: FaultKind): SimNode | undefined {
    return this.world.chaos.random(kind).pick(this.world.running);
  }
}
