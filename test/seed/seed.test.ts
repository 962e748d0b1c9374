/** Every snippet of the API document, as it is printed there, against three real nodes. docs/SEED.md is its table. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import WebSocket from "ws";
import { type AskedSwarm, startAskedSwarm } from "../../scripts/lib/asked_swarm.js";
import type { LocalNode } from "../../scripts/lib/local_swarm.js";
import { ROWS, titleOf } from "./rows.js";
import type { Stage } from "./types.js";

/** The document's own, where the other nodes have none. */
const LIMITED = ["--api-rate-limit", "100"];

describe("the API document", function () {
  this.timeout(240_000);
  const eventTypes = new Set<string>();
  let asked: AskedSwarm;
  let stage: Stage;
  let socket: WebSocket | null = null;

  before(async () => {
    const folder = await mkdtemp(join(tmpdir(), "ncrsh-seed-"));
    asked = await startAskedSwarm({ nodes: 3, flags: (index) => (index === 2 ? LIMITED : []) });
    const [first, second, limited] = asked.swarm.nodes as [LocalNode, LocalNode, LocalNode];
    const { password, key } = asked;
    stage = { first, second, limited, password, key, folder, eventTypes, kept: new Map() };
    socket = watch(stage, eventTypes);
  });

  after(async function () {
    socket?.terminate();
    if (stage !== undefined) await rm(stage.folder, { recursive: true, force: true });
    if (asked === undefined) return;
    const { swarm } = asked;
    if (this.test?.parent?.tests.some((t) => t.state === "failed"))
      for (const node of swarm.nodes) console.error(`--- ${node.name}\n${swarm.logTail(node, 5)}`);
    await asked.stop();
  });

  for (const row of ROWS) {
    it(titleOf(row), async function () {
      const why = await row.run(stage);
      if (why === undefined) return;
      console.log(`      skipped: ${why}`);
      this.skip();
    });
  }
});

function watch({ first, key }: Stage, types: Set<string>): WebSocket {
  const headers = { authorization: `Bearer ${key}` };
  const socket = new WebSocket(`${first.api.url.replace("http", "ws")}/api/v1/ws`, { headers });
  socket.on("message", (data) => {
    const { type }: { type: string } = JSON.parse(String(data));
    types.add(type);
  });
  // A connection that breaks shows in what is missing at the end.
  socket.on("error", () => undefined);
  return socket;
}
