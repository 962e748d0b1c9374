import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { LocalSwarm } from "../../../scripts/lib/local_swarm.js";
import { repositoryRoot } from "../../../scripts/lib/repository_root.js";

const run = promisify(execFile);

describe("sdk/js: the walkthrough, with the package as it is published", function () {
  this.timeout(120_000);
  let root: string;
  let swarm: LocalSwarm;
  before(async () => {
    root = await mkdtemp(join(tmpdir(), "ncrsh-sdk-walk-"));
    swarm = new LocalSwarm({ root, founders: 1 });
    swarm.start(await swarm.add());
    await swarm.formed(60_000);
  });
  after(async () => {
    await swarm.stopAll();
    await rm(root, { recursive: true, force: true });
  });

  it("trains, and brings the model home", async () => {
    const file = join(root, "model.tar");
    const script = join(repositoryRoot(), "sdk/js/examples/walkthrough.mjs");
    const url = swarm.nodes[0]?.api.url as string;
    const { stdout } = await run(process.execPath, [script, url, file], { timeout: 90_000 });
    assert.match(stdout, /^node-1: active, leader$/m);
    assert.match(stdout, /^version 3 of 3, loss \d/m);
    const sum = createHash("sha256")
      .update(await readFile(file))
      .digest("hex");
    assert.ok(stdout.endsWith(`${file}: sha256 ${sum}\n`), stdout);
  });
});
