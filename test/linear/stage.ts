/** The swarm that is tried: on hosts whose network can be cut where there may be such, on loopback otherwise. */
import { LocalSwarm } from "../../scripts/lib/local_swarm.js";
import { NetnsSwarm } from "../netns/netns_swarm.js";
import type { Grounds } from "./faults.js";

const NODES = 5;
const NAMES = ["A", "B", "C", "D", "E"];
/** Few entries between two snapshots: whoever was down for a while is brought up to date by one. */
const FLAGS = ["--consensus-snapshot-every-entries", "200"];

export interface Stage extends Grounds {
  stop(): Promise<void>;
}

/** @param more flags for every node */
export async function openStage(more: readonly string[]): Promise<Stage> {
  const flags = [...FLAGS, ...more];
  if (process.env.NETNS_FOLDER !== undefined) {
    const swarm = await NetnsSwarm.form("linear", flags);
    const network = {
      cut: swarm.cut.bind(swarm),
      deafen: swarm.deafen.bind(swarm),
      heal: () => swarm.links.heal(),
    };
    return { local: swarm.local, network, stop: () => swarm.stop() };
  }
  const root = process.env.LINEAR_FOLDER;
  if (root === undefined) throw new Error("run by `npm run test:linear`");
  const local = new LocalSwarm({ root, founders: NODES, names: NAMES, flags });
  for (let i = 0; i < NODES; i++) await local.add();
  for (const node of local.nodes) local.start(node);
  return { local, network: null, stop: () => local.stopAll() };
}
