/** The beginnings that scenario tests share: three voters of which `a` leads. */
import { confChange } from "../../raft/configuration.js";
import { Cluster, type ClusterInit } from "./cluster.js";

export const THREE = ["a", "b", "c"];
export const bytes = (text: string): Uint8Array => Buffer.from(text);

export function started(options: Partial<ClusterInit> = {}): Cluster {
  const cluster = new Cluster({ voters: THREE, ...options });
  cluster.elect("a");
  return cluster;
}

export function propose(cluster: Cluster, id: string, count = 1): void {
  for (let i = 0; i < count; i++) cluster.core(id).propose(bytes(`${i}`));
  cluster.settle();
}

export function addLearner(cluster: Cluster, peer: string): void {
  cluster.core("a").proposeConfChange(confChange({ kind: "addLearner", peer }));
  cluster.settle();
  cluster.tick(2);
}
