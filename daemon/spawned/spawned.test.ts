import assert from "node:assert/strict";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pino from "pino";
import { loadConfig } from "../config/index.js";
import type { SpawnRequest } from "../services/spawned_port.js";
import { listenAddresses, startArguments, startEnvironment } from "./arguments.js";
import { BoundedLog } from "./bounded_log.js";
import { Child } from "./child.js";
import { loadRecords, type SpawnedRecord, saveRecords } from "./record.js";
import { SpawnedNodes } from "./supervisor.js";

/** A program that announces itself as a node does, and answers its health check. */
const WELL = `
const server = require("node:http").createServer((_, answer) => answer.end("{}"));
server.listen(0, "127.0.0.1", () => {
  const api = "http://127.0.0.1:" + server.address().port;
  console.log(JSON.stringify({ peerId: "peer-" + process.argv[1], addresses: ["/ip4/127.0.0.1/tcp/9/p2p/x"], api }));
});
process.on("disconnect", () => process.exit(0));
`;
const ILL = 'console.error("no such thing"); process.exit(3);';
const REQUEST: SpawnRequest = {
  name: null,
  port: null,
  maxPeers: null,
  model: { hiddenSize: null, numLayers: null, numHeads: null },
};
const SILENT = pino({ level: "silent" });
const RECORD: SpawnedRecord = { ...REQUEST, name: "fourth" };

describe("daemon/spawned", () => {
  let folder: string;
  let program: string;
  const open: SpawnedNodes[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "ncrsh-spawned-"));
    program = WELL;
  });
  afterEach(async () => {
    await Promise.all(open.splice(0).map((nodes) => nodes.stop()));
    await rm(folder, { recursive: true, force: true });
  });

  function supervisor(nodesMax = 2): SpawnedNodes {
    const nodes = new SpawnedNodes({
      dataDir: folder,
      name: "gpu1",
      listen: ["/ip4/127.0.0.1/tcp/9473"],
      nodesMax,
      command: ({ name }) => [process.execPath, "-e", program, name],
      env: process.env,
      logger: SILENT,
    });
    open.push(nodes);
    return nodes;
  }

  it("starts a node in a folder of its own, and takes it away with or without that", async () => {
    const nodes = supervisor();
    const first = await nodes.start(REQUEST);
    assert.deepEqual(
      [first.name, first.peer, first.address, first.dataDir],
      ["gpu1-1", "peer-gpu1-1", "127.0.0.1:9", join(folder, "nodes", "gpu1-1")],
    );
    assert.equal(nodes.list()[0]?.state, "running");
    await nodes.remove("gpu1-1", false);
    assert.throws(() => process.kill(first.pid, 0), /ESRCH/);
    assert.ok(existsSync(first.dataDir));
    // A kept folder is not given to another node.
    const second = await nodes.start(REQUEST);
    assert.equal(second.name, "gpu1-2");
    await nodes.remove("gpu1-2", true);
    assert.equal(existsSync(second.dataDir), false);
    assert.deepEqual(await loadRecords(join(folder, "nodes")), []);
  });

  it("keeps to its limits, also when asked twice at once, and says what is in the way", async () => {
    const nodes = supervisor();
    await nodes.start({ ...REQUEST, name: "a" });
    await assert.rejects(nodes.start({ ...REQUEST, name: "a" }), { name: "NODE_EXISTS" });
    const both = await Promise.allSettled([nodes.start(REQUEST), nodes.start(REQUEST)]);
    assert.deepEqual(both.map((r) => r.status).sort(), ["fulfilled", "rejected"]);
    await assert.rejects(nodes.start(REQUEST), { name: "SPAWNED_NODES_FULL", details: { nodes: 2, max: 2 } });
    await assert.rejects(supervisor(0).start(REQUEST), { name: "SPAWNED_NODES_FULL" });
  });

  it("starts nothing on a port that is taken", async () => {
    const server: Server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const nodes = supervisor();
    await assert.rejects(nodes.start({ ...REQUEST, port }), { name: "PORT_IN_USE", details: { port } });
    assert.deepEqual(nodes.list(), []);
    server.close();
  });

  it("leaves nothing behind of one that does not start, but says what it said", async () => {
    program = ILL;
    const nodes = supervisor();
    await assert.rejects(nodes.start(REQUEST), {
      name: "NODE_START_FAILED",
      message: /exit code 3: no such thing/,
    });
    assert.deepEqual(nodes.list(), []);
    assert.equal(existsSync(join(folder, "nodes", "gpu1-1")), false);
  });

  it("starts its nodes again after a restart, as many as are allowed by then", async () => {
    const before = supervisor();
    await before.start({ ...REQUEST, name: "a" });
    await before.start({ ...REQUEST, name: "b" });
    await before.stop();
    const after = supervisor(1);
    await after.resume();
    assert.deepEqual(
      after.list().map(({ name, state }) => [name, state]),
      [
        ["a", "starting"],
        ["b", "stopped"],
      ],
    );
  });

  it("starts a node again that ended by itself, and gives up on one that always does", async () => {
    let code = WELL;
    const child = new Child({
      name: "a",
      dataDir: folder,
      command: () => [process.execPath, "-e", code, "a"],
      env: process.env,
      logger: SILENT,
      restartMsMin: 1,
    });
    child.start();
    assert.equal(await child.settled(20_000), null);
    const { pid } = child.view();
    process.kill(pid ?? 0, "SIGKILL");
    await until(() => child.view().state === "running" && child.view().pid !== pid);
    assert.equal(child.view().restarts, 1);
    code = ILL;
    process.kill(child.view().pid ?? 0, "SIGKILL");
    await until(() => child.view().state === "failed");
    assert.match(child.view().reason ?? "", /exit code 3/);
    await child.stop();
  });

  it("refuses a list that it cannot understand, and one that names a folder elsewhere", async () => {
    await saveRecords(folder, [RECORD]);
    assert.deepEqual(await loadRecords(folder), [RECORD]);
    const path = join(folder, "nodes.json");
    for (const text of ["{", "{}", readFileSync(path, "utf8").replace("fourth", "../fourth")]) {
      writeFileSync(path, text);
      await assert.rejects(loadRecords(folder), { code: "CONFIG_INVALID" });
    }
  });

  it("bounds the log of a child", async () => {
    const path = join(folder, "node.log");
    const log = new BoundedLog(path, 100);
    for (let i = 0; i < 25; i++) log.write(Buffer.from("0123456789"));
    await log.end();
    assert.deepEqual([statSync(path).size, statSync(`${path}.1`).size], [50, 100]);
  });

  it("starts a node of the same swarm that is another node", async () => {
    const flags = { "data-dir": folder, "swarm-id": "mine", form: true, "consensus-tick": "70ms" };
    const config = await loadConfig({ env: {}, flags });
    const record = { ...RECORD, port: 8080, maxPeers: 10, model: { ...RECORD.model, hiddenSize: 512 } };
    const args = startArguments({ config, addresses: () => ["/ip4/10.0.0.1/tcp/9473/p2p/x"] }, record, "/d");
    for (const flag of [
      "--data-dir=/d",
      "--name=fourth",
      "--swarm-id=mine",
      "--listen=/ip4/0.0.0.0/tcp/8080",
      "--bootstrap=/ip4/10.0.0.1/tcp/9473/p2p/x",
      "--max-connections=10",
      "--training-default-hidden-size=512",
      "--consensus-tick=70ms",
      "--api-spawned-nodes-max=0",
    ])
      assert.ok(args.includes(flag), `${flag} in ${args.join(" ")}`);
    assert.ok(!args.some((arg) => /^--(form|bootstrap-expect|api-jwt-secret)/.test(arg)));
    assert.deepEqual(listenAddresses(["/ip4/1.2.3.4/tcp/5", "/ip6/::/tcp/5"], null), [
      "/ip4/1.2.3.4/tcp/0",
      "/ip6/::/tcp/0",
    ]);
    assert.deepEqual(startEnvironment({ NCRSH_SWARM_FORM: "true", PATH: "/bin" }), { PATH: "/bin" });
  });
});

async function until(holds: () => boolean): Promise<void> {
  for (const untilMs = Date.now() + 30_000; !holds(); ) {
    if (Date.now() > untilMs) throw new Error(`not so in time: ${holds}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
