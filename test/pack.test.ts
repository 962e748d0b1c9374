/** The package as others get it: packed, installed in an empty folder, run. */
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const REPOSITORY = fileURLToPath(new URL("../../", import.meta.url));
const NPM = process.platform === "win32" ? "npm.cmd" : "npm";

describe("the packed package", function () {
  this.timeout(300_000);
  let folder: string;
  let bin: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "ncrsh-pack-"));
    await run(NPM, ["pack", "--ignore-scripts", "--pack-destination", folder], { cwd: REPOSITORY });
    const tarball = (await readdir(folder)).find((name) => name.endsWith(".tgz"));
    assert.ok(tarball);
    await writeFile(join(folder, "package.json"), '{"name": "empty", "private": true}');
    const flags = ["--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error"];
    await run(NPM, ["install", ...flags, join(folder, tarball)], { cwd: folder });
    bin = join(folder, "node_modules", ".bin", "ncrsh-swarm");
  });

  after(() => rm(folder, { recursive: true, force: true }));

  it("has a working command", async () => {
    const { version } = JSON.parse(await readFile(join(REPOSITORY, "package.json"), "utf8"));
    const { stdout } = await run(bin, ["version"], { cwd: folder });
    assert.ok(stdout.includes(version), stdout);
  });

  it("carries no tests and no sources", async () => {
    const files = await readdir(join(folder, "node_modules", "ncrsh-swarm"), { recursive: true });
    assert.ok(files.some((file) => file.endsWith(join("daemon", "cli", "bin.js"))));
    assert.deepEqual(
      files.filter(
        (file) =>
          /\.test\.|(^|\/)test(ing|data)\//.test(file) || (file.endsWith(".ts") && !file.endsWith(".d.ts")),
      ),
      [],
    );
  });

  it("can be imported by its exports", async () => {
    const script = `
      const names = ["ncrsh-swarm", "ncrsh-swarm/consensus", "ncrsh-swarm/protocol", "ncrsh-swarm/training"];
      for (const name of names) if (Object.keys(await import(name)).length === 0) throw new Error(name + " is empty");
      console.log("imported");
    `;
    const { stdout } = await run(process.execPath, ["--input-type=module", "-e", script], { cwd: folder });
    assert.match(stdout, /imported/);
  });

  it("runs a node that answers its health probe and stops on SIGTERM", async () => {
    const args = [
      "start",
      "--data-dir",
      join(folder, "data"),
      "--form",
      "--api-port",
      "0",
      "--log-format",
      "json",
    ];
    const child = spawn(bin, [...args, "--listen", "/ip4/127.0.0.1/tcp/0", "--network-mdns=false"], {
      cwd: folder,
    });
    try {
      let output = "";
      let url: string | undefined;
      for (const stream of [child.stdout, child.stderr]) {
        stream.on("data", (chunk) => {
          output += chunk;
        });
      }
      while (url === undefined && child.exitCode === null) {
        await new Promise((resolve) => setTimeout(resolve, 100));
        url = /http:\/\/127\.0\.0\.1:\d+/.exec(output)?.[0];
      }
      assert.ok(url, output);
      const response = await fetch(`${url}/health/live`);
      assert.equal(response.status, 200);
      const gone = once(child, "exit");
      child.kill("SIGTERM");
      const [code] = await gone;
      assert.equal(code, 0);
    } finally {
      child.kill("SIGKILL");
    }
  });
});
