/** How every story must end: one lineage on all nodes, signed from its beginning, and every batch counted once. */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { Hash } from "../../protocol/types.js";
import type { LocalNode } from "../../scripts/lib/local_swarm.js";
import { eventually } from "../../scripts/lib/node_client.js";
import { verifiedLineage } from "../lineage.js";
import { replay } from "../replay.js";
import { type NetnsSwarm, STEP_MS } from "./netns_swarm.js";

/** Stops the training, and holds every node's account of it against the others'. */
export async function assertOneLineage(swarm: NetnsSwarm): Promise<void> {
  const [first] = swarm.nodes as [LocalNode];
  await first.api.stopTraining();
  const final = await eventually(
    "all nodes stand on the final version",
    async () => {
      const all = await Promise.all(swarm.nodes.map((node) => node.api.training()));
      const [one] = all;
      const same = all.every((t) => t.status === "stopped" && t.model_hash === one?.model_hash);
      return same ? all : null;
    },
    STEP_MS,
  );
  await swarm.standings(swarm.nodes);
  const [{ session_id, model_hash, progress }] = final as [(typeof final)[number]];
  for (const [i, training] of final.entries()) {
    const name = swarm.nodes[i]?.name;
    assert.equal(training.session_id, session_id, name);
    assert.deepEqual(
      [training.progress.height, training.progress.samples, training.progress.batches],
      [progress.height, progress.samples, progress.batches],
      name,
    );
  }
  for (const node of swarm.nodes) {
    const { decisions } = await node.api.history();
    const kept = new Map(decisions.flatMap((d) => (d.type === "version" ? [[d.height, d.model_hash]] : [])));
    assert.ok(kept.size > 0);
    for (const [height, hash] of swarm.seen)
      if (kept.has(height)) assert.equal(kept.get(height), hash, `${node.name} at height ${height}`);
    const file = join(swarm.folder, `${node.name}.tar`);
    const report = await eventually(
      `a whole checkpoint of ${node.name}`,
      async () => {
        await node.api.download(session_id as string, file);
        return verifiedLineage(file);
      },
      STEP_MS,
    );
    assert.deepEqual(
      [report.ok, report.head, report.versions],
      [true, model_hash, (progress.height as number) + 1],
      node.name,
    );
  }
}

/** Ends the nodes. Their logs must reach back to the beginning: the nodes have made no snapshot. */
export async function assertEveryBatchOnce(swarm: NetnsSwarm): Promise<void> {
  const { swarm_id, formation } = await (swarm.nodes[0] as LocalNode).api.consensus();
  await swarm.local.stopAll();
  const logs = [];
  for (const { dataDir } of swarm.nodes) logs.push(await replay(dataDir, swarm_id, formation as Hash));
  const [log] = logs as [(typeof logs)[number]];
  const done = new Set(log.batches);
  assert.equal(done.size, log.batches.length, "a batch was trained on twice");
  for (const batch of log.holes) assert.ok(!done.has(batch), `batch ${batch} is done and open`);
  assert.equal(done.size + log.holes.length, log.next, "every batch below the cursor is done or open");
  for (const [i, other] of logs.entries()) assert.deepEqual(other, log, swarm.nodes[i]?.name);
}
