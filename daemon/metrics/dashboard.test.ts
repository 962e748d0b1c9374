import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { Registry } from "prom-client";
import { createSwarmMetrics } from "./index.js";

function config(path: string): string {
  let folder = new URL(".", import.meta.url);
  while (!existsSync(new URL(path, folder))) {
    const above = new URL("..", folder);
    if (above.href === folder.href) throw new Error(`no ${path} above this test`);
    folder = above;
  }
  return readFileSync(new URL(path, folder), "utf8");
}

describe("dashboard and alerts", () => {
  const registry = new Registry();
  createSwarmMetrics(registry, () => null);
  const exported = registry.getMetricsAsArray().map((metric) => metric.name);

  it("the dashboard shows every metric of ours", () => {
    const dashboard = config("configs/grafana/ncrsh-swarm.json");
    JSON.parse(dashboard);
    const forgotten = exported.filter((name) => name.startsWith("swarm_") && !dashboard.includes(name));
    assert.deepEqual(forgotten, []);
  });

  for (const path of ["configs/grafana/ncrsh-swarm.json", "configs/prometheus/alerts.yml"]) {
    it(`${path} asks for no metric that is not exported`, () => {
      const asked = new Set(config(path).match(/\b(?:swarm|nodejs)_[a-z0-9_]+/g));
      const unknown = [...asked].filter((name) => {
        return !exported.includes(name) && !exported.includes(name.replace(/_(bucket|count|sum)$/, ""));
      });
      assert.deepEqual(unknown, []);
    });
  }
});
