import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LocalSwarm } from "../../../scripts/lib/local_swarm.js";
import { SwarmClient } from "../src/index.js";
import { sharedCases } from "./case_file.js";
import { runCase } from "./run_case.js";

describe("sdk/js: the shared cases, against a real node", function () {
  this.timeout(120_000);
  const saved = new Map<string, unknown>();
  let root: string;
  let swarm: LocalSwarm;
  let client: SwarmClient;
  before(async () => {
    root = await mkdtemp(join(tmpdir(), "ncrsh-sdk-js-"));
    swarm = new LocalSwarm({ root, founders: 1 });
    const node = await swarm.add();
    swarm.start(node);
    saved.set("base_url", node.api.url);
    // Longer than a start takes: the first case waits until it is ready.
    client = new SwarmClient({ baseUrl: node.api.url, retries: 8 });
  });
  after(async () => {
    await swarm.stopAll();
    await rm(root, { recursive: true, force: true });
  });

  for (const one of sharedCases()) it(one.name, () => runCase(client, one, saved));
});
