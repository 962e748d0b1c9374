/** What the services see of the network beyond the snapshot: asked for only when somebody wants to know. */
import type { DiscoveryReport, StreamCount, TrafficReport } from "../../protocol/index.js";

export interface MeshSnapshot {
  readonly topic: string;
  readonly peers: readonly string[];
}

/** Round trips since the start of the process: how many took at most so long, the last bucket (null) takes all. */
export interface LatencyHistogram {
  readonly buckets: readonly { readonly atMostMs: number | null; readonly count: number }[];
  readonly count: number;
  readonly sumMs: number;
}

export interface NetworkPort {
  mesh(): readonly MeshSnapshot[];
  streams(): readonly StreamCount[];
  bytes(): TrafficReport;
  /** gossipsub's score of a connected peer. */
  scoreOf(peer: string): number;
  latency(): Promise<LatencyHistogram>;
  discover(timeoutMs: number): Promise<DiscoveryReport>;
}
