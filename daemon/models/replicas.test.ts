import assert from "node:assert/strict";
import { type ControlState, emptyControlState, type StoredModel } from "../../consensus/control/index.js";
import { testHash } from "../../consensus/testing/committee.js";
import type { Hash } from "../../protocol/types.js";
import { ModelReplicas } from "./replicas.js";

const model = (id: string, by = "other"): StoredModel => ({
  id,
  name: id,
  tags: {},
  kind: "uploaded",
  version: { hash: testHash(id), bytes: 1, chunkRoot: testHash("root") },
  spec: {},
  session: null,
  height: 0,
  by,
  atMs: 0,
});

function world(
  change: Partial<ControlState>,
  fetched: (hash: Hash) => Promise<void> = async () => undefined,
) {
  const control = {
    state: { ...emptyControlState("test", testHash("formation")), voters: ["me"], ...change },
    listener: (): void => undefined,
    onChange(listener: () => void) {
      this.listener = listener;
      return () => undefined;
    },
  };
  const here = new Set<Hash>();
  const asked: [Hash, string[]][] = [];
  const replicas = new ModelReplicas({
    self: "me",
    control,
    holds: (hash) => here.has(hash),
    fetch: async ({ hash }, sources, { signal }) => {
      signal.throwIfAborted();
      asked.push([hash, sources()]);
      await fetched(hash);
      here.add(hash);
    },
    peers: () => ["third", "other", "me"],
    logger: { debug: () => undefined, info: () => undefined },
  });
  return { replicas, control, here, asked };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe("daemon/models: replicas", () => {
  it("a voter fetches what it does not hold, of whoever proposed it first", async () => {
    const { replicas, asked, here, control } = world({ models: [model("a"), model("b", "me")] });
    here.add(testHash("a"));
    replicas.start();
    await settled();
    assert.deepEqual(asked, [[testHash("b"), ["third", "other"]]]);
    control.state = { ...control.state, models: [...control.state.models, model("c")] };
    control.listener();
    await settled();
    assert.deepEqual(asked[1], [testHash("c"), ["other", "third"]]);
    await replicas.stop();
  });

  it("leaves one that nobody has for later, and goes on with the next", async () => {
    const { replicas, asked } = world({ models: [model("a"), model("b")] }, async (hash) => {
      if (hash === testHash("a")) throw new Error("nobody has it");
    });
    replicas.start();
    await settled();
    assert.deepEqual(
      asked.map(([hash]) => hash),
      [testHash("a"), testHash("b")],
    );
    await replicas.stop();
  });

  it("who is no voter fetches nothing", async () => {
    const { replicas, asked } = world({ models: [model("a")], voters: ["other"] });
    replicas.start();
    await settled();
    assert.deepEqual(asked, []);
    await replicas.stop();
  });
});
