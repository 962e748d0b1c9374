/** How long the event loop kept its work waiting: what tells that a part of the daemon blocks the others. */
import { monitorEventLoopDelay } from "node:perf_hooks";
import { Gauge, type Registry } from "prom-client";

/** A timer of this period is watched; the delay is what it is late by. */
const RESOLUTION_MS = 10;
const NS_PER_MS = 1e6;
const QUANTILES = [0.5, 0.99, 1] as const;

/** Median, 99th percentile and longest delay since the last scrape. */
export function eventLoopDelay(registry: Registry): void {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  const gauge = new Gauge({
    name: "swarm_event_loop_delay_seconds",
    help: "Delay of the event loop since the last scrape; quantile 1 is the longest",
    labelNames: ["quantile"],
    registers: [registry],
    collect: () => {
      for (const quantile of QUANTILES) {
        // What Node records is the whole time between two firings of the timer.
        const lateMs =
          histogram.count === 0 ? 0 : histogram.percentile(quantile * 100) / NS_PER_MS - RESOLUTION_MS;
        gauge.set({ quantile: String(quantile) }, Math.max(0, lateMs) / 1000);
      }
      histogram.reset();
    },
  });
}
