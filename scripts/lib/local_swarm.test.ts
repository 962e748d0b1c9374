import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LocalSwarm, SwarmClosedError } from "./local_swarm.js";

describe("scripts/local_swarm", () => {
  let root: string;
  before(async () => {
    root = await mkdtemp(join(tmpdir(), "ncrsh-local-"));
  });
  after(() => rm(root, { recursive: true, force: true }));

  it("starts no node once it is being stopped, so that none is left behind", async () => {
    const swarm = new LocalSwarm({ root, founders: 1 });
    const node = await swarm.add();
    const stopped = swarm.stopAll();
    assert.throws(() => swarm.start(node), SwarmClosedError);
    assert.equal(node.process, null);
    await stopped;
    assert.throws(() => swarm.start(node), SwarmClosedError);
  });
});
