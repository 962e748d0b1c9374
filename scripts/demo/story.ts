/** What happens in the demonstration, and when: the leader dies part way, a newcomer comes some versions later. */
import type { LocalNode, LocalSwarm } from "../lib/local_swarm.js";
import type { Sight } from "./observe.js";

export class Story {
  private killed: { node: LocalNode; height: number } | null = null;
  private newcomer: LocalNode | null = null;
  private recovered = false;

  constructor(
    private readonly swarm: LocalSwarm,
    private readonly rounds: number,
    private readonly say: (text: string) => void,
  ) {}

  async follow(sight: Sight): Promise<void> {
    const height = sight.training?.progress.height ?? 0;
    if (sight.training?.status !== "running") return;
    if (this.killed === null) {
      if (height >= Math.max(1, Math.floor(this.rounds / 3)) && sight.leader)
        await this.killLeader(sight.leader, height);
      return;
    }
    if (!this.recovered && sight.leader && sight.leader !== this.killed.node) {
      this.recovered = true;
      this.say(
        `${sight.leader.name} leads now (term ${sight.term}); the training goes on from the last committed version`,
      );
    }
    if (this.newcomer === null && height >= Math.min(this.rounds - 1, this.killed.height + 3))
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
