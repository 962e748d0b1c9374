/** What a node that is cut off answers: 1005 to whatever the swarm must decide, and everything that is only read. */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { LocalNode } from "../../scripts/lib/local_swarm.js";
import { verifiedLineage } from "../lineage.js";

const CALL_MS = 60_000;
const NETWORK_PARTITION = 1005;

interface Answer {
  readonly status: number;
  readonly body: {
    readonly error?: {
      readonly code: number;
      readonly name: string;
      readonly message: string;
      readonly details: Record<string, unknown>;
    };
  };
}

async function call(node: LocalNode, method: string, path: string, body?: object): Promise<Answer> {
  const response = await fetch(`${node.api.url}${path}`, {
    method,
    signal: AbortSignal.timeout(CALL_MS),
    ...(body && { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Answer["body"] };
}

/** @param other a member that somebody might want to remove just now */
export async function assertDecidesNothing(node: LocalNode, other: LocalNode): Promise<void> {
  const refusals = await Promise.all([
    call(node, "POST", "/api/v1/training/start", { dataset: "builtin:moby-dick" }),
    call(node, "POST", "/api/v1/training/stop", {}),
    call(node, "DELETE", `/api/v1/nodes/${other.peer}`),
  ]);
  const { commit_index } = await node.api.consensus();
  for (const { status, body } of refusals) {
    assert.equal(status, 503, JSON.stringify(body));
    assert.ok(body.error, JSON.stringify(body));
    const { code, name, message, details } = body.error;
    assert.deepEqual([code, name], [NETWORK_PARTITION, "NETWORK_PARTITION"], message);
    assert.deepEqual([details.committed, details.voters, details.needed], ["no", 5, 3]);
    assert.equal(details.commit_index, commit_index);
    assert.match(message, /no leader can be reached/);
    assert.match(message, /Nothing was changed/);
    assert.match(message, /downloads/);
    assert.ok(Array.isArray(details.can) && details.can.length > 0);
  }
}

/** Also that what the error promises can be done: a download with its history. */
export async function assertStillReads(node: LocalNode, folder: string): Promise<void> {
  const { api } = node;
  const health = await call(node, "GET", "/health");
  assert.equal(health.status, 200);
  assert.equal((await call(node, "GET", "/health/live")).status, 200);
  const ready = await api.ready();
  assert.equal(ready.ready, false);
  assert.match(ready.checks.leader?.reason ?? "", /too few voters can be reached/);
  const [consensus, training, nodes, models, history] = await Promise.all([
    api.consensus(),
    api.training(),
    api.nodes(),
    api.models(),
    api.history(),
    api.network(),
  ]);
  assert.match(await api.metrics(), /^swarm_nodes_total /m);
  assert.equal(nodes.total, 5);
  assert.equal(training.model_hash, consensus.model_hash);
  assert.ok(history.decisions.length > 0 && models.total === 1);
  const session = training.session_id as string;
  const file = join(folder, `cut-${node.name}.tar`);
  await api.download(session, file);
  const { ok, head, versions } = await verifiedLineage(file);
  assert.deepEqual([ok, head, versions], [true, consensus.model_hash, (consensus.height ?? -2) + 1]);
}
