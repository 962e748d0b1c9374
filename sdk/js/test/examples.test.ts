import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { ADMIN, type AskedSwarm, startAskedSwarm } from "../../../scripts/lib/asked_swarm.js";
import { repositoryRoot } from "../../../scripts/lib/repository_root.js";
import { SwarmClient } from "../src/index.js";

const run = promisify(execFile);
const EXAMPLES = join(repositoryRoot(), "sdk/js/examples");
/** Of its own only from Node 22 on. */
const WEB_SOCKET = "WebSocket" in globalThis ? [] : ["--experimental-websocket"];
/** Longer than the test takes. */
const LONG = {
  dataset: "builtin:moby-dick",
  epochs: 1000,
  batch_size: 4,
  inner_steps: 2,
  model: { type: "gpt2", hidden_size: 16, num_layers: 1, num_heads: 1, context_length: 16 },
} as const;

describe("sdk/js: the examples, with the package as it is published", function () {
  this.timeout(120_000);
  let folder: string;
  let asked: AskedSwarm;
  let url: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "ncrsh-sdk-examples-"));
    asked = await startAskedSwarm({ nodes: 1 });
    url = asked.first.api.url;
  });
  after(async () => {
    await asked?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it("watch.mjs tells what happens, while walkthrough.mjs trains and brings the model home", async () => {
    const watch = spawn(
      process.execPath,
      [...WEB_SOCKET, join(EXAMPLES, "watch.mjs"), url, "session_state", "training_progress"],
      { env: { ...process.env, SWARM_TOKEN: asked.key }, stdio: ["ignore", "pipe", "inherit"] },
    );
    const exited = once(watch, "exit");
    try {
      const lines = createInterface({ input: watch.stdout })[Symbol.asyncIterator]();
      // Something goes on until it is seen: from then on nothing is missed.
      const client = new SwarmClient({ baseUrl: url, authToken: asked.key });
      await client.training.start(LONG);
      assert.match((await lines.next()).value, /^\S+ (session_state|training_progress) \{/);
      await client.training.stop();
      const file = join(folder, "model.tar");
      const env = { ...process.env, SWARM_USERNAME: ADMIN, SWARM_PASSWORD: asked.password };
      const script = join(EXAMPLES, "walkthrough.mjs");
      const { stdout } = await run(process.execPath, [script, url, file], { env, timeout: 90_000 });
      assert.match(stdout, /^node-1: active, leader$/m);
      assert.match(stdout, /^version 3 of 3, loss \d/m);
      const sum = createHash("sha256")
        .update(await readFile(file))
        .digest("hex");
      assert.ok(stdout.endsWith(`${file}: sha256 ${sum}\n`), stdout);
      const seen: string[] = [];
      while (!/ session_state .*"status":"finished"/.test(seen.at(-1) ?? "")) {
        const { value, done } = await lines.next();
        assert.ok(!done, `it ended after ${seen.at(-1)}`);
        seen.push(value);
      }
      assert.ok(seen.some((line) => /^\S+ training_progress \{/.test(line)));
    } finally {
      watch.kill();
      await exited;
    }
  });
});
