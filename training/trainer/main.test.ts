import assert from "node:assert/strict";
import { type ChildProcess, execFile, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { DATASET_MEMORY_BYTES_MAX } from "../datasets/limits.js";

const run = promisify(execFile);
const urlOf = (path: string) => new URL(path, import.meta.url);

describe("the trainer process", () => {
  const children: ChildProcess[] = [];

  function start(...args: string[]): ChildProcess {
    const child = fork(urlOf("./main.js"), ["wasm", ...args], {
      serialization: "advanced",
      stdio: "ignore",
      execArgv: [],
    });
    children.push(child);
    return child;
  }
  afterEach(() => {
    for (const child of children.splice(0)) child.kill("SIGKILL");
  });

  it("says when it is ready, and ends at once when its parent is gone", async () => {
    const child = start();
    const [message] = await once(child, "message");
    assert.deepEqual([message.kind, message.backend, message.pid], ["ready", "wasm", child.pid]);
    assert.ok(message.startupMs > 0);
    child.disconnect();
    assert.deepEqual(await once(child, "exit"), [0, null]);
  });

  it("answers garbage of every kind, ignores Ctrl-C, and ends on SIGTERM", async () => {
    const child = start();
    await once(child, "message");
    child.kill("SIGINT");
    for (const garbage of ["text", 7, [], {}, { kind: "nothing" }, { kind: "open", id: -1, session: 5 }]) {
      child.send(garbage);
      const [message] = await once(child, "message");
      assert.deepEqual([message.kind, message.code, message.id], ["failed", "SESSION_INVALID", null]);
    }
    child.send({ kind: "evaluate", id: 12, session: "s" });
    const [message] = await once(child, "message");
    assert.deepEqual([message.id, message.session], [12, "s"]);
    child.kill("SIGTERM");
    assert.deepEqual(await once(child, "exit"), [0, null]);
  });

  it("keeps a dataset that is too large for memory in the folder that it is given", async () => {
    const folder = await mkdtemp(join(tmpdir(), "trainer-"));
    try {
      // Takes no space on the disk: zeros are a text too.
      const path = join(folder, "zeros.txt");
      await writeFile(path, "");
      await truncate(path, DATASET_MEMORY_BYTES_MAX + 1);
      const ask = { kind: "inspect", dataset: `file:${path}`, contextLength: 64, tokenizer: "byte" };
      for (const [scratch, pattern] of [
        ["none", /does not fit in memory, and .*none/],
        ["", undefined],
      ] as const) {
        const child = start(join(folder, scratch));
        await once(child, "message");
        child.send({ ...ask, id: 1 });
        const [message] = await once(child, "message");
        if (pattern) assert.match(message.message, pattern);
        else assert.equal(message.data?.trainSamples, 943_719);
        child.disconnect();
        await once(child, "exit");
        assert.deepEqual(await readdir(folder), ["zeros.txt"]);
      }
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("is the only one to load TensorFlow.js: the daemon's side never does", async () => {
    const script = `await import(${JSON.stringify(urlOf("../index.js").href)});
      const { createRequire } = await import("node:module");
      const loaded = Object.keys(createRequire(import.meta.url).cache).filter((path) => path.includes("@tensorflow"));
      process.stdout.write(JSON.stringify(loaded));`;
    const { stdout } = await run(process.execPath, ["--input-type=module", "--eval", script], {
      cwd: import.meta.dirname,
    });
    assert.equal(stdout, "[]");
  });
});
