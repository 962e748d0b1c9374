/** One bit flipped in any file that a node keeps; `npm run test:crash` flips more of them. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { flipEverything } from "../scripts/crash/flip_suite.js";
import { judged } from "../scripts/crash/flips.js";
import { liveInFolder, readFolder } from "../scripts/crash/node_folder.js";
import { quickFolder } from "../scripts/crash/quick_folder.js";
import { killStore } from "../scripts/crash/store_kills.js";

const FLIPS_EACH = 1;
const KILLS = 2;

describe("damage to a node's folder", function () {
  this.timeout(120_000);

  it("a flipped bit makes no node go wrong: it goes on, fetches again, or says what is damaged", async () => {
    const seed = Math.floor(Math.random() * 2 ** 31);
    const rows = await flipEverything(FLIPS_EACH, seed, quickFolder());
    assert.deepEqual(
      rows.flatMap(({ wrong }) => wrong),
      [],
    );
    const kinds = new Set(rows.flatMap(({ verdicts }) => [...verdicts.keys()].map((v) => v.split(" ")[0])));
    assert.deepEqual([...kinds].sort(), ["intact", "refetches", "refuses"], `seed ${seed}`);
  });

  it("the judge tells a wrong value from a missing one", async () => {
    const root = await mkdtemp(join(quickFolder(), "ncrsh-judge-"));
    try {
      const facts = await liveInFolder(join(root, "node"));
      const content = await readFolder(join(root, "node"), facts);
      const [, ...versions] = content.versions;
      const kind = (changed: Partial<typeof content>) => judged({ ...content, ...changed }, content).kind;
      assert.equal(kind({}), "intact");
      assert.equal(kind({ versions: [null, ...versions] }), "refetches");
      assert.equal(kind({ versions }), "WRONG");
      assert.equal(kind({ versions: ["00", ...versions] }), "WRONG");
      assert.equal(kind({ vote: null }), "WRONG");
      assert.equal(kind({ raft: { ...content.raft, entries: content.raft.entries.slice(1) } }), "WRONG");
    } finally {
      await rm(root, { recursive: true, force: true });
    }
  });

  it("kill -9 of a writing process loses nothing that it said was written, and makes nothing up", async () => {
    const seed = Math.floor(Math.random() * 2 ** 31);
    const { steps } = await killStore(KILLS, seed, quickFolder(), () => undefined);
    assert.ok(steps > 0, `seed ${seed}: nothing was written before the kills`);
  });
});
