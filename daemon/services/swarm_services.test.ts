import assert from "node:assert/strict";
import { testHash } from "../../consensus/testing/committee.js";
import { createEvents } from "../events/index.js";
import { ServiceError, type ServiceErrorName } from "./errors.js";
import type { ModelsPort } from "./models.js";
import type { SwarmCommands, SwarmSnapshot } from "./source.js";
import { createSwarmServices } from "./swarm_services.js";
import { assertView } from "./testing/assert_view.js";
import { downloadOf } from "./testing/download.js";
import { controlFixture, sessionFixture, snapshotFixture } from "./testing/snapshot.js";
import { modelListViewSchema } from "./views/models.js";

function servicesOver(
  snapshot: SwarmSnapshot,
  commands: Partial<SwarmCommands> = {},
  models: Partial<ModelsPort> = {},
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
    commands: {
      startTraining: unexpected,
      stopTraining: unexpected,
      pauseTraining: unexpected,
      resumeTraining: unexpected,
      removeNode: unexpected,
      vote: unexpected,
      ...commands,
    },
  });
}

const rejects = (promise: Promise<unknown>, name: ServiceErrorName) =>
  assert.rejects(promise, (error) => error instanceof ServiceError && error.name === name);

describe("daemon/services: swarm services", () => {
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
