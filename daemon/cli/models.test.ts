/** `models` against a real API over a real store. */
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ApiServer } from "../api/index.js";
import { startTestApi } from "../api/testing/api.js";
import { ModelsBench } from "../models/testing/bench.js";
import { snapshotFixture } from "../services/testing/snapshot.js";
import { EXIT } from "./exit.js";
import { runCli } from "./testing/run.js";

describe("daemon/cli: models", () => {
  let bench: ModelsBench;
  let api: ApiServer;
  before(async () => {
    bench = await ModelsBench.open();
    const snapshot = () => snapshotFixture({ control: bench.machine.state });
    api = await startTestApi({ snapshot, models: bench.port });
    await bench.session("s1", 3);
  });
  after(async () => {
    await api.stop();
    await bench.close();
  });
  const cli = async (...args: string[]) => {
    const done = await runCli(["models", ...args], { env: { NCRSH_SWARM_API_URL: api.address } });
    return done;
  };
  const fine = async (...args: string[]) => {
    const { exitCode, out, err } = await cli(...args);
    assert.equal(exitCode, EXIT.ok, err);
    return out;
  };

  it("saves, shows, downloads, uploads, loads and deletes", async () => {
    const saved = await fine(
      "save",
      "--name",
      "kept",
      "--tag",
      "stage=candidate",
      "--tag",
      "best",
      "--height",
      "1",
    );
    assert.match(saved, /^kind +saved$/m);
    assert.match(saved, /^tags +best, stage=candidate$|^tags +stage=candidate, best$/m);
    assert.match(await fine("show", "kept"), /^height +1$/m);
    assert.match(await fine(), /saved .* kept$/m);
    assert.equal((await cli("save", "--name", "kept")).exitCode, EXIT.refused);

    const file = join(bench.folder, "kept.safetensors");
    await fine("download", "kept", "--format", "safetensors", "--out", file);
    assert.equal((await readFile(file)).subarray(8, 9).toString(), "{");
    const tar = join(bench.folder, "kept.tar");
    await fine("download", "kept", "--out", tar);
    const model = JSON.parse(await fine("upload", tar, "--name", "again", "--tag", "a", "--json"));
    assert.deepEqual([model.kind, model.name, model.height, model.tags], ["uploaded", "again", 1, { a: "" }]);
    assert.match(await fine("upload", file, "--name", "weights"), /^height +0$/m);

    const bad = join(bench.folder, "bad.tar");
    await writeFile(bad, "nothing");
    const refused = await cli("upload", bad);
    assert.equal(refused.exitCode, EXIT.refused);
    assert.match(refused.err, /MODEL_INVALID/);
    assert.equal((await cli("upload", join(bench.folder, "absent.tar"))).exitCode, EXIT.usage);
    assert.equal((await cli("upload", tar, "--tag", "a,b")).exitCode, EXIT.usage);

    assert.match(await fine("lineage", "kept"), /^ *0 .*1 of 1$/m);
    assert.match(await fine("lineage", "s1", "--limit", "2"), /3 in all; the next page: --cursor /);
    assert.match(await fine("lineage", "again"), /no certificates/);

    assert.equal((await cli("load", "again")).exitCode, EXIT.refused);
    bench.stop("s1");
    const loading = fine("load", "again", "--rounds", "5");
    while (bench.machine.state.session?.id === "s1") await new Promise((resolve) => setTimeout(resolve, 1));
    const id = bench.machine.state.session?.id ?? "";
    assert.equal(bench.machine.state.session?.rounds, 5);
    await bench.version(id, 0);
    assert.match(await loading, new RegExp(`session ${id} begins with again`));

    assert.match(await fine("delete", "kept"), /deleted model_/);
    assert.equal((await cli("show", "kept")).exitCode, EXIT.refused);
  });
});
