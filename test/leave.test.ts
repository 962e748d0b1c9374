/** A leader that is told to stop hands over first, whoever keeps its API busy. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type LocalNode, LocalSwarm } from "../scripts/lib/local_swarm.js";
import { eventually } from "../scripts/lib/node_client.js";

const FOUNDERS = 3;
const STEP_MS = 90_000;

describe("a leader that leaves", function () {
  this.timeout(240_000);
  let root: string;
  let swarm: LocalSwarm;
  let held: Socket | null = null;

  before(async () => {
    root = await mkdtemp(join(tmpdir(), "ncrsh-leave-"));
    swarm = new LocalSwarm({ root, founders: FOUNDERS, flags: ["--no-training-enabled"] });
  });
  after(async () => {
    held?.destroy();
    await swarm.stopAll();
    await rm(root, { recursive: true, force: true });
  });

  /** Whom all these nodes follow; null while they do not agree. */
  async function leaderOf(nodes: readonly LocalNode[]): Promise<string | null> {
    const views = await Promise.all(nodes.map((node) => node.api.consensus()));
    const [first] = views;
    return first && views.every((view) => view.leader === first.leader) ? first.leader : null;
  }

  /** A request of which the last byte never comes: to the server it is under way, like a slow download. */
  async function hold(node: LocalNode): Promise<Socket> {
    const socket = connect(Number(new URL(node.api.url).port), "127.0.0.1");
    socket.on("error", () => undefined);
    await once(socket, "connect");
    const head = `POST /api/v1/training/start HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json`;
    socket.write(`${head}\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n`);
    // The server's word that it has begun with it.
    assert.match(String(await once(socket, "data")), /^HTTP\/1\.1 100 /);
    return socket;
  }

  it("has handed over before the request that is held open is cut, and ends with 0", async () => {
    for (let i = 0; i < FOUNDERS; i++) swarm.start(await swarm.add());
    const first = await eventually("a leader that all follow", () => leaderOf(swarm.nodes), STEP_MS);
    const leader = swarm.nodes.find((node) => node.peer === first) as LocalNode;
    held = await hold(leader);

    const child = leader.process;
    assert.ok(child !== null);
    child.kill("SIGTERM");
    const [code] = await once(child, "exit");
    const log = await readFile(join(leader.dataDir, "node.log"), "utf8");
    assert.equal(code, 0, log.slice(-3000));
    const [handed] = swarm.logged(leader, "leadership handed over before leaving");
    assert.equal(handed?.handed, true);
    const [over, cut] = ["leadership handed over", "requests still under way are cut off"].map((words) =>
      log.indexOf(words),
    ) as [number, number];
    assert.ok(cut > over, "handed over while the request was still held");
    assert.equal(swarm.logged(leader, "stopped").length, 1);

    const rest = swarm.nodes.filter((node) => node !== leader);
    const second = await eventually("another leader", () => leaderOf(rest), STEP_MS);
    assert.notEqual(second, first);
  });
});
