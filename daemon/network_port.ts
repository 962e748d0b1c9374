/** The network as the services see it. */
import type { Histogram } from "prom-client";
import type { SwarmHost } from "../protocol/index.js";
import type { LatencyHistogram, NetworkPort } from "./services/network_port.js";

type Host = Pick<SwarmHost, "streams" | "bytes" | "discover"> & {
  readonly gossip: Pick<SwarmHost["gossip"], "mesh" | "scoreOf">;
};

/** @param latency the metric, so that both doors tell the same */
export function createNetworkPort(host: Host, latency: Pick<Histogram, "get">): NetworkPort {
  return {
    mesh: () => host.gossip.mesh(),
    streams: () => host.streams(),
    bytes: () => host.bytes(),
    scoreOf: (peer) => host.gossip.scoreOf(peer),
    latency: async () => latencyOf(await latency.get()),
    discover: (timeoutMs) => host.discover(timeoutMs),
  };
}

function latencyOf({ values }: Awaited<ReturnType<Histogram["get"]>>): LatencyHistogram {
  const named = (suffix: string) => values.find((v) => v.metricName?.endsWith(suffix))?.value ?? 0;
  const buckets = values
    .filter((v) => v.metricName?.endsWith("_bucket"))
    .map(({ labels, value }) => {
      const le = Number(labels.le);
      return { atMostMs: Number.isFinite(le) ? Math.round(le * 1e6) / 1e3 : null, count: value };
    });
  return { buckets, count: named("_count"), sumMs: named("_sum") * 1000 };
}
