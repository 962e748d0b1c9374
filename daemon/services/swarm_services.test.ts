import assert from "node:assert/strict";
import { testHash } from "../../consensus/testing/committee.js";
import { createEvents } from "../events/index.js";
import { ServiceError, type ServiceErrorName } from "./errors.js";
import type { ModelsPort } from "./models.js";
import type { SwarmCommands, SwarmSnapshot } from "./source.js";
import type { SpawnedNode } from "./spawned_port.js";
import { createSwarmServices } from "./swarm_services.js";
import { assertView } from "./testing/assert_view.js";
import { downloadOf } from "./testing/download.js";
import { networkFixture, spawnedFixture } from "./testing/ports.js";
import { A, controlFixture, sessionFixture, snapshotFixture } from "./testing/snapshot.js";
import { modelListViewSchema } from "./views/models.js";

function servicesOver(
  snapshot: SwarmSnapshot,
  commands: Partial<SwarmCommands> = {},
  models: Partial<ModelsPort> = {},
  spawned = spawnedFixture(),
) {
  const unexpected = () => Promise.reject(new Error("not expected"));
  return createSwarmServices({
    settings: () => assert.fail("no setting is asked for"),
    models: () => ({
      openVersion: unexpected,
      openModel: unexpected,
      certificate: unexpected,
      save: unexpected,
      upload: unexpected,
      delete: unexpected,
      load: unexpected,
      ...models,
    }),
    events: createEvents({ maxClients: 1, maxClientsPerAddress: 1, maxClientsPerCaller: 1 }).service,
    source: { snapshot: () => snapshot, holdsVersion: (hash) => hash === testHash("version-7") },
    network: networkFixture(),
    spawned,
    commands: {
      startTraining: unexpected,
      stopTraining: unexpected,
      pauseTraining: unexpected,
      resumeTraining: unexpected,
      removeNode: unexpected,
      readmitNode: unexpected,
      vote: unexpected,
      ...commands,
    },
  });
}

const rejects = (promise: Promise<unknown>, name: ServiceErrorName) =>
  assert.rejects(promise, (error) => error instanceof ServiceError && error.name === name);

describe("daemon/services: swarm services", () => {
  it("puts a node elsewhere out, and readmits by the name that it had", async () => {
    const done: string[] = [];
    const removeNode = async (peer: string) => void done.push(`remove ${peer}`);
    const readmitNode = async (peer: string) => void done.push(`readmit ${peer}`);
    const { nodes } = servicesOver(snapshotFixture(), { removeNode });
    assert.deepEqual(await nodes.remove("node-a"), { id: A, name: "node-a", status: "removed" });
    await rejects(nodes.remove("node-a", true), "INVALID_REQUEST");
    await rejects(nodes.readmit("node-a"), "NODE_NOT_REMOVED");
    await rejects(nodes.readmit("nobody"), "NODE_NOT_FOUND");
    const control = controlFixture({ removed: [{ peer: "12D3KooWD", name: "gone", index: 3, atMs: 1 }] });
    const later = servicesOver(snapshotFixture({ control }), { readmitNode }).nodes;
    assert.deepEqual(await later.readmit("gone"), { id: "12D3KooWD", name: "gone", status: "readmitted" });
    assert.deepEqual(done, [`remove ${A}`, "readmit 12D3KooWD"]);
  });

  it("lets a node on this host leave while it votes, stops it, and does not keep it out", async () => {
    const done: string[] = [];
    const commands = {
      removeNode: async (peer: string) => void done.push(`remove ${peer}`),
      readmitNode: async (peer: string) => void done.push(`readmit ${peer}`),
    };
    const own: SpawnedNode = {
      ...{ name: "node-a", peer: A, state: "running", pid: 7, dataDir: "/d", apiAddress: null, restarts: 0 },
      reason: null,
    };
    const spawned = spawnedFixture({
      list: () => [own],
      remove: async (name, purge) => void done.push(`stop ${name} ${purge}`),
    });
    const { nodes } = servicesOver(snapshotFixture(), commands, {}, spawned);
    assert.deepEqual(await nodes.remove("node-a", true), { id: A, name: "node-a", status: "stopped" });
    assert.deepEqual(done, [`remove ${A}`, "stop node-a true", `readmit ${A}`]);
    assert.equal(nodes.get(A).spawned?.pid, 7);
  });

  it("resolves a model id to a height that exists", async () => {
    const opened: [string, number][] = [];
    const openVersion: ModelsPort["openVersion"] = (session, height) => {
      opened.push([session, height]);
      return Promise.resolve(height === 3 ? null : downloadOf(Buffer.alloc(1), "x.tar"));
    };
    const { models } = servicesOver(snapshotFixture(), {}, { openVersion });
    await models.download("training_789ghi", "tar");
    await models.download("training_789ghi@2", "tar");
    assert.deepEqual(opened, [
      ["training_789ghi", 7],
      ["training_789ghi", 2],
    ]);
    await rejects(models.download("training_789ghi@3", "tar"), "MODEL_NOT_FOUND");
    await rejects(models.download("training_789ghi@8", "tar"), "MODEL_NOT_FOUND");
    await rejects(models.download("nothing", "tar"), "MODEL_NOT_FOUND");
  });

  it("lists the current session's model first, with what this node holds", () => {
    const past = [
      sessionFixture({ id: "first", version: { hash: testHash("old"), bytes: 1, chunkRoot: testHash("c") } }),
      sessionFixture({ id: "unborn", version: null }),
      sessionFixture({ id: "second" }),
    ];
    const view = servicesOver(snapshotFixture({ control: controlFixture({ past }) })).models.list({
      limit: 100,
      cursor: null,
    });
    assertView(modelListViewSchema, view);
    const { models, total } = view;
    assert.equal(total, 3);
    assert.deepEqual(
      models.map((m) => [m.id, m.available]),
      [
        ["training_789ghi", true],
        ["second", true],
        ["first", false],
      ],
    );
  });
});
