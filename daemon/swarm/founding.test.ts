import assert from "node:assert/strict";
import type { Genesis } from "../../consensus/formation/index.js";
import { foundedHere } from "./founding.js";

const genesis: Genesis = { v: 1, swarm: "test", nonce: "0".repeat(32), voters: ["a"], formedAtMs: 1 };

describe("daemon/swarm: founding", () => {
  it("lets only the data folder that founded a swarm begin its log, though the genesis names the node", async () => {
    const here = (founded: Genesis | null) => foundedHere({ founded: async () => founded }, genesis);
    assert.equal(await here(genesis), true);
    // The database was lost, the identity was not: the node has found its own swarm again.
    assert.equal(await here(null), false);
    assert.equal(await here({ ...genesis, nonce: "1".repeat(32) }), false);
  });
});
