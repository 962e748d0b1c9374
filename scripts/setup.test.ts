/** `npm test` itself, in a small repository whose tools are stand-ins: what it prints last, and what it builds. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, promises as fs } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { repositoryRoot } from "./lib/repository_root.js";

const SOURCES = ["daemon", "protocol", "consensus", "training", "scripts", "test", "sdk/js"];
/** Copies names as a compiler would, and says that it ran. */
const COMPILER = `
  const fs = require("node:fs");
  console.log("compiled");
  fs.mkdirSync("dist/test", { recursive: true });
  for (const name of fs.readdirSync("test"))
    for (const end of [".js", ".d.ts", ".js.map"]) fs.writeFileSync("dist/test/" + name.replace(/\\.ts$/, end), "");
`;
const MOCHA = (lines: string, code: number) =>
  `console.log(${JSON.stringify(lines)}); process.exitCode = ${code};`;

describe("scripts: npm test", function () {
  this.timeout(60_000);
  let root: string;

  const write = async (path: string, text: string, mode = 0o644) => {
    await fs.mkdir(join(root, path, ".."), { recursive: true });
    await fs.writeFile(join(root, path), text, { mode });
  };
  const tools = {
    biome: (text: string) => write("node_modules/@biomejs/biome/bin/biome", text),
    tsc: (text: string) => write("node_modules/typescript/bin/tsc", text),
    mocha: (text: string) => write("node_modules/mocha/bin/mocha.js", text),
  };
  beforeEach(async () => {
    root = await fs.mkdtemp(join(tmpdir(), "setup-"));
    for (const folder of SOURCES) await fs.mkdir(join(root, folder), { recursive: true });
    for (const name of ["setup.mjs", "mocha.mjs"])
      await fs.cp(join(repositoryRoot(), "scripts/lib", name), join(root, "scripts/lib", name));
    await fs.cp(join(repositoryRoot(), "scripts/test.mjs"), join(root, "scripts/test.mjs"));
    for (const name of ["package.json", "tsconfig.json", "package-lock.json"]) await write(name, "{}");
    await write("node_modules/.package-lock.json", "{}");
    await tools.biome("");
    await tools.tsc(COMPILER);
    await tools.mocha(MOCHA("  3 passing (1s)", 0));
    await write("test/kept.test.ts", "");
  });
  afterEach(() => fs.rm(root, { recursive: true }));

  function npmTest(env: Record<string, string | undefined> = {}) {
    const { status, stdout } = spawnSync(process.execPath, ["scripts/test.mjs"], {
      cwd: root,
      encoding: "utf8",
      env: { PATH: process.env.PATH, ...env },
    });
    return { status, stdout, last: stdout.trimEnd().split("\n").at(-1) };
  }

  it("ends with what passed and failed in both of its runs, with skipped tests on a line before", async () => {
    const fine = npmTest();
    assert.deepEqual([fine.status, fine.last], [0, "6 passed, 0 failed"]);
    await tools.mocha(MOCHA("  3 passing (1s)\n  1 pending\n  2 failing", 2));
    const mixed = npmTest();
    assert.deepEqual([mixed.status, mixed.last], [1, "6 passed, 4 failed"]);
    assert.match(mixed.stdout, /^2 skipped\n6 passed, 4 failed\n$/m);
    await tools.mocha(MOCHA("it broke before it could count", 7));
    assert.deepEqual([npmTest().status, npmTest().last], [1, "0 passed, 2 failed"]);
  });

  for (const tool of ["biome", "tsc"] as const) {
    it(`ends with a failure when ${tool} fails`, async () => {
      await tools[tool]("console.log('no'); process.exitCode = 3;");
      const { status, last } = npmTest();
      assert.deepEqual([status, last], [3, "0 passed, 1 failed"]);
    });
  }

  it("ends with a failure when the installation fails, and installs the compiler whatever NODE_ENV says", async () => {
    await fs.rm(join(root, "node_modules/.package-lock.json"));
    await write("bin/npm", '#!/bin/sh\necho "$@" > "$ASKED"\nexit 5\n', 0o755);
    const asked = join(root, "asked");
    const path = `${join(root, "bin")}:${process.env.PATH}`;
    const { status, last } = npmTest({ PATH: path, ASKED: asked, NODE_ENV: "production" });
    assert.deepEqual([status, last], [5, "0 passed, 1 failed"]);
    assert.match(await fs.readFile(asked, "utf8"), /^ci --include=dev --ignore-scripts /);
  });

  it("removes what was compiled from a source that is gone, and compiles only when it must", async () => {
    await write("test/gone.test.ts", "");
    assert.match(npmTest().stdout, /compiled/);
    assert.doesNotMatch(npmTest().stdout, /compiled/);
    assert.ok(existsSync(join(root, "dist/test/gone.test.js")));
    await fs.rm(join(root, "test/gone.test.ts"));
    assert.match(npmTest().stdout, /compiled/);
    assert.deepEqual((await fs.readdir(join(root, "dist/test"))).sort(), [
      "kept.test.d.ts",
      "kept.test.js",
      "kept.test.js.map",
    ]);
  });
});
