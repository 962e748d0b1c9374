/** The package as others get it: packed from a clone that has not been built, installed as the README says, run. */
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { access, cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const REPOSITORY = fileURLToPath(new URL("../../", import.meta.url));
const NPM = process.platform === "win32" ? "npm.cmd" : "npm";
const NPX = process.platform === "win32" ? "npx.cmd" : "npx";
/** Nothing that is made, and nothing that is large. */
const NOT_CLONED = new Set([".git", "node_modules", "dist", "coverage", ".swarm-demo", ".build"]);
/** Nobody listens there: what the install script of tfjs-node-gpu wants to download is never to be had. */
const NO_DOWNLOAD = "http://127.0.0.1:9/";
const STALE = "of_an_earlier_build.js";

/** The sources as a new clone has them, with the packages installed. */
async function cloneInto(tree: string): Promise<void> {
  await cp(REPOSITORY, tree, {
    recursive: true,
    preserveTimestamps: true,
    filter: (path) => !NOT_CLONED.has(relative(REPOSITORY, path)),
  });
  await symlink(join(REPOSITORY, "node_modules"), join(tree, "node_modules"), "dir");
}

async function installInto(folder: string, tarball: string, flags: readonly string[]): Promise<void> {
  await mkdir(folder);
  await writeFile(join(folder, "package.json"), '{"name": "empty", "private": true}');
  await run(
    NPM,
    ["install", ...flags, "--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error", tarball],
    {
      cwd: folder,
      env: { ...process.env, TFJS_NODE_BASE_URI: NO_DOWNLOAD },
    },
  );
}

describe("the packed package", function () {
  this.timeout(400_000);
  let root: string;
  let tarball: string;
  let folder: string;
  let bin: string;

  before(async () => {
    root = await mkdtemp(join(tmpdir(), "ncrsh-pack-"));
    const tree = join(root, "clone");
    await cloneInto(tree);
    // What an earlier state of the sources left must not travel.
    await mkdir(join(tree, "dist", "daemon"), { recursive: true });
    await writeFile(join(tree, "dist", "daemon", STALE), "");
    await run(NPM, ["run", "tarball", "--", "--pack-destination", root], { cwd: tree });
    const name = (await readdir(root)).find((file) => file.endsWith(".tgz"));
    assert.ok(name);
    tarball = join(root, name);
    folder = join(root, "installed");
    await installInto(folder, tarball, ["--ignore-scripts"]);
    bin = join(folder, "node_modules", ".bin", "ncrsh-swarm");
  });

  after(() => rm(root, { recursive: true, force: true }));

  it("has a working command", async () => {
    const { version } = JSON.parse(await readFile(join(REPOSITORY, "package.json"), "utf8"));
    const { stdout } = await run(NPX, ["--no", "ncrsh-swarm", "version"], { cwd: folder });
    assert.ok(stdout.includes(version), stdout);
  });

  it("installs without --ignore-scripts too, where the optional package cannot download what it wants", async () => {
    const plain = join(root, "plain");
    await installInto(plain, tarball, ["--ignore-scripts=false"]);
    await assert.rejects(access(join(plain, "node_modules", "@tensorflow", "tfjs-node-gpu")));
    const { stdout } = await run(NPX, ["--no", "ncrsh-swarm", "version"], { cwd: plain });
    assert.match(stdout, /ncrsh-swarm/);
  });

  it("carries the current build, no tests and no sources", async () => {
    const files = await readdir(join(folder, "node_modules", "ncrsh-swarm"), { recursive: true });
    assert.ok(files.some((file) => file.endsWith(join("daemon", "cli", "bin.js"))));
    assert.ok(!files.some((file) => file.endsWith(STALE)));
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
