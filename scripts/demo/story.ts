/** What happens in the demonstration, and when: the leader dies part way, a newcomer comes some versions later. */
import type { LocalNode, LocalSwarm } from "../lib/local_swarm.js";
import type { Sight } from "./observe.js";
import { CHAOS_NODES_MIN, type DemoOptions } from "./options.js";

type StorySwarm = Pick<LocalSwarm, "kill" | "add" | "start">;

/** When the leader dies, as a share of the demonstration. */
const KILL_SHARE = 1 / 3;
/** The newcomer comes so many versions after that, or at this share where versions are slow. */
const NEWCOMER_VERSIONS = 3;
const NEWCOMER_SHARE = 2 / 3;

/** @returns null when nothing is to happen; says why where that was not asked for */
export function storyFor(
  swarm: StorySwarm,
  options: Pick<DemoOptions, "chaos" | "nodes">,
  rounds: number,
  say: (text: string) => void,
): Story | null {
  if (!options.chaos) return null;
  if (options.nodes >= CHAOS_NODES_MIN) return new Story(swarm, rounds, say);
  say(
    `note: a swarm goes on without its leader from ${CHAOS_NODES_MIN} nodes on; with ${options.nodes} the leader is not killed, and nobody joins`,
  );
  return null;
}

export class Story {
  private killed: { node: LocalNode; height: number } | null = null;
  private newcomer: LocalNode | null = null;
  private recovered = false;

  constructor(
    private readonly swarm: StorySwarm,
    private readonly rounds: number,
    private readonly say: (text: string) => void,
  ) {}

  /** @param share how far the demonstration is, 0 to 1 */
  async follow(sight: Sight, share: number): Promise<void> {
    const { training, leader, term } = sight;
    const height = training?.progress.height ?? 0;
    if (this.killed === null) {
      const due = share >= KILL_SHARE || height >= this.rounds - 1;
      // Where there is time for it, a version that the leader made stands before it dies.
      const ready = height >= Math.min(1, this.rounds - 1);
      if (training?.status === "running" && due && ready && leader !== null)
        await this.killLeader(leader, height);
      return;
    }
    if (!this.recovered && leader !== null && leader !== this.killed.node) {
      this.recovered = true;
      this.say(
        `${leader.name} leads now (term ${term}); the training goes on from the last committed version`,
      );
    }
    const later = height >= Math.min(this.rounds - 1, this.killed.height + NEWCOMER_VERSIONS);
    if (this.recovered && this.newcomer === null && (later || share >= NEWCOMER_SHARE))
      await this.bringNewcomer();
  }

  private async killLeader(node: LocalNode, height: number): Promise<void> {
    this.killed = { node, height };
    this.say(`kill -9 ${node.name}, the leader, in the middle of a round, at version ${height}`);
    await this.swarm.kill(node);
  }

  private async bringNewcomer(): Promise<void> {
    this.newcomer = await this.swarm.add();
    this.say(
      `starting ${this.newcomer.name}: it finds the swarm, fetches the current version and takes part`,
    );
    this.swarm.start(this.newcomer);
  }
}
