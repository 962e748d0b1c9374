import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LocalSwarm, lastOfEach, SwarmClosedError } from "./local_swarm.js";

describe("scripts/local_swarm", () => {
  let root: string;
  before(async () => {
    root = await mkdtemp(join(tmpdir(), "ncrsh-local-"));
  });
  after(() => rm(root, { recursive: true, force: true }));

  it("takes the last of a setting that is given twice", () => {
    const args = ["bin.js", "start", "--api-rate-limit", "0", "--bootstrap", "a", "--network-mdns=false"];
    assert.deepEqual(
      lastOfEach([...args, "--bootstrap", "b", "--api-rate-limit", "100", "--consensus-form"]),
      [
        ...["bin.js", "start", "--bootstrap", "a", "--network-mdns=false", "--bootstrap", "b"],
        ...["--api-rate-limit", "100", "--consensus-form"],
      ],
    );
    assert.deepEqual(lastOfEach(["--x=1", "--x", "2"]), ["--x", "2"]);
  });

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
