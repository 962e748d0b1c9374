/** A node over its lives: its name, its disk, what it is and whether it runs. */
import type { Pledge } from "../../../consensus/storage/index.js";
import { SimDisk } from "../disk/sim_disk.js";
import type { SimProcess } from "../kernel/sim_process.js";
import type { Life } from "../node/life.js";
import type { Malice, Traits } from "../node/traits.js";

/**
 * `damaged`: it has refused to start, and somebody has to replace it. `gone`: taken out of the swarm, or replaced; it
 * does not come back under this name.
 */
export type NodeStanding = "down" | "opening" | "running" | "damaged" | "gone";

export class SimNode {
  readonly disk = new SimDisk<Pledge>();
  lives = 0;
  standing: NodeStanding = "down";
  process: SimProcess | null = null;
  life: Life | null = null;
  /** Words that the error must have with which it refuses to start; null while the disk is as it should be. */
  expectedRefusal: string | null = null;
  /** No event of its process happens before this. */
  pausedUntilMs = 0;

  constructor(
    readonly name: string,
    public traits: Traits,
    readonly malice: Malice | null,
  ) {}

  get isRunning(): boolean {
    return this.standing === "running" && this.life !== null;
  }
}
