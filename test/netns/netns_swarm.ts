/** Five real nodes, each on a host of its own, that find each other by multicast DNS and train a small model. */
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type LocalNode, LocalSwarm, type NodeHost } from "../../scripts/lib/local_swarm.js";
import { eventually } from "../../scripts/lib/node_client.js";
import { type Host, Hosts } from "./hosts.js";
import { Links } from "./links.js";
import { type Relay, relayTo } from "./relay.js";

const NODES = 5;
const P2P_PORT = 9473;
const API_PORT = 8080;
/** For one step of a story on a loaded machine; what is waited for takes seconds. */
export const STEP_MS = 120_000;

/** Small, but with rounds of about a second on two cores, so that a cut falls into the middle of one. */
const TRAINING = {
  dataset: "builtin:moby-dick",
  rounds: 100_000,
  batch_size: 8,
  inner_steps: 24,
  evaluate_every: 50,
  round_timeout: "8s",
  seed: 11,
  model: { type: "gpt2", hidden_size: 32, num_layers: 1, num_heads: 2, context_length: 32 },
};

/** Where a node's log and model stand, by its own account. */
export interface Standing {
  readonly commit: number;
  readonly height: number;
  readonly hash: string | null;
  readonly leader: string | null;
  readonly role: string;
}

/** What must not move where nothing can be decided. */
export function decided({ commit, height, hash }: Standing): Pick<Standing, "commit" | "height" | "hash"> {
  return { commit, height, hash };
}

export class NetnsSwarm {
  readonly links = new Links();
  /** Every version that any node was seen to stand on, by height. */
  readonly seen = new Map<number, string>();
  private readonly hostOf = new Map<LocalNode, Host>();

  private constructor(
    readonly folder: string,
    readonly local: LocalSwarm,
    private readonly hosts: Hosts,
    private readonly relays: readonly Relay[],
  ) {}

  /** @param name of a folder under `NETNS_FOLDER`, short enough for a socket's path */
  static async form(name: string, flags: readonly string[]): Promise<NetnsSwarm> {
    assert.ok(process.env.NETNS_FOLDER, "run by `npm run test:netns`");
    const folder = join(process.env.NETNS_FOLDER, name);
    mkdirSync(folder);
    const hosts = Hosts.build(NODES);
    const relays = await Promise.all(
      hosts.all.map((h) => relayTo(hosts.command(h), join(folder, h.name), API_PORT)),
    );
    const nodeHosts = hosts.all.map((host, i): NodeHost => {
      return {
        command: hosts.command(host),
        listen: `/ip4/${host.address}/tcp/${P2P_PORT}`,
        apiPort: API_PORT,
        apiUrl: `http://127.0.0.1:${relays[i]?.port}`,
      };
    });
    const names = ["A", "B", "C", "D", "E"];
    const local = new LocalSwarm({ root: folder, founders: NODES, names, flags, hosts: nodeHosts });
    const swarm = new NetnsSwarm(folder, local, hosts, relays);
    for (const host of hosts.all) swarm.hostOf.set(await local.add(), host);
    for (const node of swarm.nodes) local.start(node);
    return swarm;
  }

  get nodes(): readonly LocalNode[] {
    return this.local.nodes;
  }

  async train(): Promise<void> {
    await this.local.formed(STEP_MS);
    await (this.nodes[0] as LocalNode).api.startTraining(TRAINING);
  }

  /** The hosts of these nodes. */
  at(nodes: readonly LocalNode[]): Host[] {
    return nodes.map((node) => this.hostOf.get(node) as Host);
  }

  cut(here: readonly LocalNode[], there: readonly LocalNode[]): void {
    this.links.cut(this.at(here), this.at(there));
  }

  /** None of them hears any of those. */
  deafen(listeners: readonly LocalNode[], speakers: readonly LocalNode[]): void {
    for (const host of this.at(listeners)) this.links.deafen(host, this.at(speakers));
  }

  /** @throws AssertionError when it stands on another version than was seen at this height */
  async standing(node: LocalNode): Promise<Standing> {
    const { commit_index, height, model_hash, leader, role } = await node.api.consensus();
    if (height !== null && model_hash !== null) {
      const known = this.seen.get(height) ?? model_hash;
      assert.equal(model_hash, known, `${node.name}: height ${height} has two versions`);
      this.seen.set(height, known);
    }
    return { commit: commit_index ?? -1, height: height ?? -1, hash: model_hash, leader, role };
  }

  standings(nodes: readonly LocalNode[]): Promise<Standing[]> {
    return Promise.all(nodes.map((node) => this.standing(node)));
  }

  /** Until each of these nodes has committed so many versions more than the furthest of them had. */
  async progress(nodes: readonly LocalNode[], versions: number): Promise<void> {
    const goal = Math.max(...(await this.standings(nodes)).map((s) => s.height)) + versions;
    await eventually(
      `version ${goal} on ${namesOf(nodes)}`,
      async () => ((await this.standings(nodes)).every((s) => s.height >= goal) ? true : null),
      STEP_MS,
    );
  }

  /** Until these nodes follow one leader among themselves. @returns the leader */
  leaderOf(nodes: readonly LocalNode[]): Promise<LocalNode> {
    return eventually(
      `one leader for ${namesOf(nodes)}`,
      async () => {
        const leaders = new Set((await this.standings(nodes)).map((s) => s.leader));
        const [leader] = leaders;
        return leaders.size === 1 ? nodes.find((node) => node.peer === leader) : null;
      },
      STEP_MS,
    );
  }

  /** Until none of these nodes has a leader or leads. */
  async leaderless(nodes: readonly LocalNode[]): Promise<void> {
    await eventually(
      `${namesOf(nodes)} know that they are cut off`,
      async () => {
        const standings = await this.standings(nodes);
        return standings.every((s) => s.leader === null && s.role !== "leader") ? true : null;
      },
      STEP_MS,
    );
  }

  /** Until all nodes hear each other, follow one leader and go on together. @returns the leader, then the others */
  async whole(): Promise<[LocalNode, LocalNode, LocalNode, LocalNode, LocalNode]> {
    await this.local.formed(STEP_MS);
    await this.progress(this.nodes, 1);
    const leader = await this.leaderOf(this.nodes);
    const others = this.nodes.filter((node) => node !== leader);
    return [leader, ...others] as Awaited<ReturnType<NetnsSwarm["whole"]>>;
  }

  /** Ends the nodes, then takes their hosts away. */
  async stop(): Promise<void> {
    await this.local.stopAll();
    await Promise.all(this.relays.map((relay) => relay.stop()));
    this.hosts.remove();
  }
}

export function namesOf(nodes: readonly LocalNode[]): string {
  return nodes.map((node) => node.name).join(", ");
}
