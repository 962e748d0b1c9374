/** Nodes that come and go through the API: started on a host, put out of the swarm, let in again. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type LocalNode, LocalSwarm } from "../scripts/lib/local_swarm.js";
import { eventually } from "../scripts/lib/node_client.js";

const FOUNDERS = 3;
const STEP_MS = 60_000;

describe("nodes through the API", function () {
  this.timeout(240_000);
  let root: string;
  let swarm: LocalSwarm;
  let first: LocalNode;
  let last: LocalNode;

  before(async () => {
    root = await mkdtemp(join(tmpdir(), "ncrsh-nodes-"));
    swarm = new LocalSwarm({ root, founders: FOUNDERS, flags: ["--no-training-enabled"] });
    for (let i = 0; i < FOUNDERS; i++) await swarm.add();
    for (const node of swarm.nodes) swarm.start(node);
    await swarm.formed(STEP_MS);
    [first, , last] = swarm.nodes as [LocalNode, LocalNode, LocalNode];
  });
  after(async () => {
    await swarm.stopAll();
    await rm(root, { recursive: true, force: true });
  });

  const listed = async (node: LocalNode, id: string) =>
    (await node.api.nodes()).nodes.find((n) => n.id === id) ?? null;

  it("starts one on this host, which joins, and takes it away again", async () => {
    const created = await first.api.createNode({
      name: "fourth",
      model_config: { hidden_size: 512, num_layers: 6, num_heads: 8 },
      network_config: { max_peers: 10 },
    });
    assert.equal(created.status, "running");
    assert.match(created.address ?? "", /^127\.0\.0\.1:\d+$/);
    const health = await fetch(`${created.api_address}/health`);
    assert.equal(health.status, 200);
    await health.body?.cancel();
    await eventually(
      "it joins, as others see it",
      async () => {
        const { learners, voters } = await last.api.consensus();
        const heard = (await listed(last, created.id)) !== null && (await listed(first, created.id)) !== null;
        return ([...learners, ...voters].some((m) => m.id === created.id) && heard) || null;
      },
      STEP_MS,
    );
    const port = Number((created.address ?? "").split(":")[1]);
    await assert.rejects(first.api.createNode({ network_config: { port } }), /409.*PORT_IN_USE/);
    await assert.rejects(first.api.createNode({ name: "fourth" }), /409.*NODE_EXISTS/);
    assert.equal((await first.api.node("fourth")).spawned?.pid, created.pid);

    const removed = await first.api.removeNode("fourth", "?purge=true");
    assert.deepEqual(removed, { id: created.id, name: "fourth", status: "stopped" });
    assert.throws(() => process.kill(created.pid, 0), /ESRCH/);
    assert.equal(existsSync(created.data_dir), false);
    await eventually(
      "the others see it gone",
      async () => {
        const { learners, voters } = await last.api.consensus();
        const { nodes } = await last.api.nodes();
        return ![...learners, ...voters, ...nodes].some((m) => m.id === created.id) || null;
      },
      STEP_MS,
    );
  });

  it("puts another host's node out, keeps it out, and lets it in again", async () => {
    assert.equal((await first.api.removeNode(last.peer)).status, "removed");
    const reason = await eventually(
      "it says that it is out",
      async () => {
        const { ready, checks } = await last.api.ready();
        return ready ? null : (checks.removed?.reason ?? null);
      },
      STEP_MS,
    );
    assert.match(reason, /put out of this swarm.*nodes readmit/);
    assert.equal(await listed(first, last.peer), null);
    const response = await fetch(`${first.api.url}/api/v1/nodes?status=removed`);
    const { nodes } = (await response.json()) as { nodes: { id: string; status: string }[] };
    assert.deepEqual(
      nodes.map(({ id, status }) => [id, status]),
      [[last.peer, "removed"]],
    );
    await swarm.stop(last);
    swarm.start(last);
    await eventually(
      "a restart does not help it",
      async () => {
        const { checks } = await last.api.ready();
        return checks.removed?.reason?.includes("put out") || null;
      },
      STEP_MS,
    );
    const { voters, learners } = await first.api.consensus();
    assert.ok(![...voters, ...learners].some((m) => m.id === last.peer));

    assert.equal((await first.api.readmitNode(last.name)).status, "readmitted");
    await eventually(
      "it is a member again",
      async () => {
        const { voters, learners } = await first.api.consensus();
        const { ready } = await last.api.ready();
        return (ready && [...voters, ...learners].some((m) => m.id === last.peer)) || null;
      },
      STEP_MS,
    );
  });

  it("tells of meshes and traffic, and looks around on demand", async () => {
    const { mesh, leader, links } = await first.api.topology();
    assert.equal(leader, (await first.api.consensus()).leader);
    assert.deepEqual(
      mesh.map((m) => m.topic),
      ["update", "progress", "version", "heartbeat", "peers"],
    );
    assert.ok(links.length >= FOUNDERS - 1);
    const { protocols, peers, latency_histogram } = await first.api.network();
    const raft = protocols.find((p) => p.protocol.includes("/raft/"));
    assert.ok(
      raft !== undefined && raft.bytes_sent > 0 && raft.bytes_received > 0,
      JSON.stringify(protocols),
    );
    assert.deepEqual(peers.map((p) => p.score).sort(), [0, 0]);
    assert.equal(latency_histogram.buckets.at(-1)?.count, latency_histogram.count);
    const { peers_before, peers_after, found } = await first.api.discover(2);
    assert.deepEqual([peers_before, peers_after, found], [FOUNDERS - 1, FOUNDERS - 1, []]);
  });
});
