/** The program as it is run: exit codes, streams and signals of a real process. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const BIN = fileURLToPath(new URL("bin.js", import.meta.url));
/** Port 9 is discard: nothing listens there. */
const NOBODY = "http://127.0.0.1:9";

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

function start(args: readonly string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, [BIN, ...args], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let out = "";
  let err = "";
  child.stdout.on("data", (chunk) => {
    out += chunk;
  });
  child.stderr.on("data", (chunk) => {
    err += chunk;
  });
  const ended = new Promise<Ended>((resolve) => {
    child.once("close", (code) => resolve({ code, out, err }));
  });
  return { child, ended };
}

const run = (args: readonly string[], env?: Record<string, string>) => start(args, env).ended;

describe("daemon/cli: the program", () => {
  it("ends with 2 and one clear message on wrong usage", async () => {
    for (const [args, said] of [
      [[], /error: say what to do\nhint: {2}see ncrsh-swarm --help/],
      [["strat"], /error: Unknown argument: strat\nhint: {2}did you mean start\?/],
      [["status", "--jsn"], /did you mean --json\?/],
      [["train"], /error: say what: start, status, stop, pause, resume, sessions or watch/],
      [["train", "start"], /error: Missing required argument: dataset/],
      [["train", "start", "--dataset", "x", "--batch-size", "many"], /error: --batch-size takes a number/],
      [
        ["train", "start", "--dataset", "x", "--seed", "1", "--seed", "2"],
        /error: --seed is given more than once/,
      ],
      [
        ["train", "start", "--dataset", "x", "--model.hiden-size", "8"],
        /did you mean --model\.hidden-size\?/,
      ],
      [["start", "--api-prt", "1"], /did you mean --api-port\?/],
      [["start", "--api-port", "99999"], /api\.port/],
      [["start", "--form=maybe"], /--form: consensus\.form: "maybe" is not allowed\. Allowed: true or false/],
      [["start", "--config", "a.yaml", "--config", "b.yaml"], /error: --config is given more than once/],
      [["version", "--json=maybe"], /error: --json=maybe: it takes true or false, or stands alone/],
      [["status", "--api", "localhost"], /error: --api localhost is not an http URL/],
    ] as const) {
      const { code, out, err } = await run(args);
      assert.deepEqual([code, out], [2, ""], args.join(" "));
      assert.match(err, said);
      assert.doesNotMatch(err, / at .*\.js/, "no stack without --verbose");
    }
  }).timeout(60_000);

  it("ends with 3 when no node answers, from --api or the environment, with a stack only on request", async () => {
    const plain = await run(["nodes"], { NCRSH_SWARM_API_URL: NOBODY });
    assert.equal(plain.code, 3);
    assert.match(
      plain.err,
      /^error: no node answers at http:\/\/127\.0\.0\.1:9: nothing listens there\nhint: /,
    );
    const verbose = await run(["nodes", "--api", NOBODY, "--verbose"]);
    assert.equal(verbose.code, 3);
    assert.match(verbose.err, /\n {4}at /);
  });

  it("shows help, its version and a completion script on standard output", async () => {
    const help = await run(["--help"]);
    assert.deepEqual([help.code, help.err], [0, ""]);
    for (const command of ["start", "init", "train", "status", "nodes", "models", "consensus", "version"]) {
      assert.match(help.out, new RegExp(`ncrsh-swarm ${command}`));
    }
    assert.match((await run(["version"])).out, /^ncrsh-swarm \d+\.\d+\.\d+ \(Node /);
    assert.match((await run(["--version"])).out, /^\d+\.\d+\.\d+\n$/);
    assert.match((await run(["completion"])).out, /--get-yargs-completions/);
    const start = await run(["start", "--help"]);
    assert.match(start.out, /--api-port/);
  }).timeout(30_000);

  it("writes a configuration once, and never over another", async () => {
    const folder = await mkdtemp(join(tmpdir(), "ncrsh-cli-"));
    try {
      const file = join(folder, "swarm.yaml");
      assert.equal((await run(["init", "--file", file])).code, 0);
      assert.match(await readFile(file, "utf8"), /^api:$/m);
      const again = await run(["init", "--file", file]);
      assert.equal(again.code, 2);
      assert.match(again.err, /exists already\nhint: {2}overwrite it with --force/);
      assert.equal((await run(["init", "--file", file, "--force"])).code, 0);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it("tells a program where it wrote the configuration", async () => {
    const folder = await mkdtemp(join(tmpdir(), "ncrsh-cli-"));
    try {
      const path = join(folder, "swarm.yaml");
      const { code, out } = await run(["init", "--json", "--file", path]);
      assert.deepEqual([code, JSON.parse(out)], [0, { path }]);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it("keeps its exit code when nobody reads why it failed", async () => {
    const { child, ended } = start(["strat"]);
    child.stderr.destroy();
    assert.equal((await ended).code, 2);
  });

  it("ends also when whoever reads its output has stopped reading", async () => {
    const fills = `data:text/javascript,process.stdout.write("x".repeat(${4 * 1024 * 1024}))`;
    const child = spawn(process.execPath, ["--import", fills, BIN, "version"], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    const [code] = await once(child, "exit");
    assert.equal(code, 0);
    child.stdout.destroy();
  });

  it("is ended by the first signal where nothing is to be put in order", async () => {
    const silent = createServer(() => {});
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const asked = new Promise<void>((resolve) => silent.once("request", () => resolve()));
    try {
      const { child, ended } = start([
        "status",
        "--api",
        `http://127.0.0.1:${(silent.address() as AddressInfo).port}`,
      ]);
      await asked;
      child.kill("SIGINT");
      assert.equal((await ended).code, 130);
    } finally {
      silent.closeAllConnections();
      silent.close();
    }
  });
});
