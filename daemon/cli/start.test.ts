/** One node as a process of its own: how it begins and how it ends. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { loadConfig } from "../config/index.js";
import { createLogger } from "../logger.js";
import { startNode } from "../node.js";
import { openStore } from "../store/index.js";
import { runCli } from "./testing/run.js";

const BIN = fileURLToPath(new URL("bin.js", import.meta.url));
/** A fault that nobody catches, on request. */
const THROWS_ON_SIGUSR2 = `data:text/javascript,process.on("SIGUSR2", () => { throw new Error("nobody catches me") })`;
const REJECTS_ON_SIGUSR2 = `data:text/javascript,process.on("SIGUSR2", () => void Promise.reject(new Error("nobody catches me")))`;

interface StartOptions {
  readonly ipc?: boolean;
  /** A module that the process loads first. */
  readonly preload?: string;
  readonly more?: readonly string[];
}

describe("ncrsh-swarm start", function () {
  this.timeout(60_000);
  let folder: string;
  let child: ChildProcess | null = null;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "ncrsh-start-"));
  });
  afterEach(async () => {
    child?.kill("SIGKILL");
    child = null;
    await rm(folder, { recursive: true, force: true });
  });

  const flags = (): string[] => [
    ...["--data-dir", join(folder, "data"), "--form", "--listen", "/ip4/127.0.0.1/tcp/0"],
    ...["--api-port", "0", "--no-network-mdns", "--no-training-enabled"],
  ];

  function start({ ipc = false, preload, more: others = [] }: StartOptions = {}) {
    const first = preload === undefined ? [] : ["--import", preload];
    const started = spawn(process.execPath, [...first, BIN, "start", "--json", ...flags(), ...others], {
      env: { PATH: process.env.PATH },
      stdio: ipc ? ["ignore", "pipe", "pipe", "ipc"] : ["ignore", "pipe", "pipe"],
    });
    child = started;
    const records: Record<string, unknown>[] = [];
    const { stdout, stderr } = started;
    assert.ok(stdout !== null && stderr !== null);
    let err = "";
    stderr.on("data", (chunk) => {
      err += chunk;
    });
    // Not its "close", which does not come once the channel was disconnected.
    const ended = Promise.all([once(started, "exit"), ...[stdout, stderr].map((s) => once(s, "close"))]).then(
      ([[code]]): number | null => code,
    );
    const ready = new Promise<{ peerId: string; addresses: string[]; api: string }>((resolve, reject) => {
      createInterface(stdout).on("line", (line) => {
        const record = JSON.parse(line);
        records.push(record);
        if (record.peerId !== undefined && record.api !== undefined) resolve(record);
      });
      ended.then((code) => reject(new Error(`it ended with ${code}: ${err}`)), reject);
    });
    // Not every test waits for it.
    ready.catch(() => undefined);
    const logged = (message: string) => records.filter((record) => record.msg === message);
    return { process: started, ready, ended, records, logged, err: () => err };
  }

  const lives = async (api: string) => (await fetch(`${api}/health/live`)).status;

  it("tells a program who it is and where, in one line, and leaves on SIGTERM with 0", async () => {
    const node = start();
    const { peerId, addresses, api } = await node.ready;
    assert.ok(addresses.length > 0 && addresses.every((address) => address.endsWith(`/p2p/${peerId}`)));
    assert.equal(await lives(api), 200);
    node.process.kill("SIGTERM");
    assert.equal(await node.ended, 0);
    assert.equal(node.logged("stopped").length, 1);
    assert.equal(node.err(), "", "with --json nothing is written for people");
  });

  it("says when everybody who reaches its API may do everything", async () => {
    const node = start({ more: ["--authentication-provider", "none"] });
    await node.ready;
    node.process.kill("SIGTERM");
    await node.ended;
    const warned = node.records.filter(
      ({ level, msg }) => level === "warn" && /may do everything/.test(String(msg)),
    );
    assert.equal(warned.length, 1);
  });

  it("lets nobody in but by a password, and programs on this machine by the key in its data folder", async () => {
    const node = start();
    const { api } = await node.ready;
    const env = { XDG_CONFIG_HOME: join(folder, "config"), HOME: folder };
    const cli = async (argv: string[], more: Record<string, string> = {}) => {
      const { exitCode, out, err } = await runCli([...argv, "--api", api], { env: { ...env, ...more } });
      return [exitCode, `${out}${err}`] as const;
    };
    const local = ["--data-dir", join(folder, "data")];
    const [code, said] = await cli(["user", "list"]);
    assert.deepEqual(
      [code, /UNAUTHENTICATED.*\nhint: {2}log in with "ncrsh-swarm login"/.test(said)],
      [4, true],
    );
    const shown = /the user admin was created with the password (\S+)/;
    const password = () => node.records.flatMap(({ msg }) => shown.exec(String(msg))?.[1] ?? [])[0];
    while (password() === undefined) await new Promise((resolve) => setTimeout(resolve, 100));
    assert.match((await cli(["user", "list", ...local]))[1], /admin +admin/);

    assert.equal((await cli(["login"], { NCRSH_SWARM_PASSWORD: "not the password" }))[0], 4);
    assert.match(
      (await cli(["login"], { NCRSH_SWARM_PASSWORD: password() ?? "" }))[1],
      /logged in as admin \(admin\)/,
    );
    assert.equal((await stat(join(folder, "config/ncrsh-swarm/credentials.json"))).mode & 0o777, 0o600);
    assert.match(
      (await cli(["user", "create", "ada"], { NCRSH_SWARM_PASSWORD: "ada's password" }))[1],
      /as viewer/,
    );
    assert.match((await cli(["user", "set", "ada", "--role", "operator"]))[1], /ada is operator/);
    const [, key] = await cli(["key", "create", "ci", "--role", "viewer", "--expires", "24h"]);
    assert.match(key, /^ncrsh_key_\S+\.ci$/);
    assert.match(
      (await cli(["user", "list"], { NCRSH_SWARM_TOKEN: key }))[1],
      /needs the role admin.*FORBIDDEN/,
    );
    assert.equal((await cli(["status", "--token", key]))[0], 0);
    assert.doesNotMatch((await cli(["settings", "list"]))[1], /auth\./);
    for (const argv of [
      ["get", "auth.user.admin"],
      ["set", "auth.user.eve", "1"],
      ["delete", "auth.user.admin"],
    ])
      assert.match((await cli(["settings", ...argv]))[1], /is the swarm's own/);
    assert.match((await cli(["key", "delete", "ci"]))[1], /no API key any more/);
    assert.match((await cli(["user", "delete", "ada"]))[1], /no user any more/);
    assert.match((await cli(["logout"]))[1], /admin is logged out/);
    assert.equal((await cli(["user", "list"]))[0], 4);
    node.process.kill("SIGTERM");
    assert.equal(await node.ended, 0);
    assert.ok(!existsSync(join(folder, "data/api/local.json")), "the key ends with the node");
  });

  it("goes on when the reader of its log has gone", async () => {
    const node = start();
    const { api } = await node.ready;
    node.process.stdout?.destroy();
    node.process.stderr?.destroy();
    for (let i = 0; i < 3; i++) assert.equal(await lives(api), 200);
    node.process.kill("SIGTERM");
    assert.equal(await node.ended, 0);
  });

  it("ends with its parent, also with one that went before the node was up", async () => {
    const node = start({ ipc: true });
    // The first that a child can say: its channel is there and nothing of the node is.
    node.process.disconnect();
    assert.equal(await node.ended, 0);
    assert.equal(node.logged("stopped").length, 1);
  });

  for (const [what, preload] of [
    ["an exception", THROWS_ON_SIGUSR2],
    ["a rejection", REJECTS_ON_SIGUSR2],
  ] as const) {
    it(`leaves in good order, with 1 and the stack in its log, after ${what} that nobody caught`, async () => {
      const node = start({ preload });
      await node.ready;
      node.process.kill("SIGUSR2");
      assert.equal(await node.ended, 1);
      const [fatal] = node.logged("the node cannot go on");
      assert.match(JSON.stringify(fatal?.err), /nobody catches me.*at /);
      assert.match(node.err(), /^error: nobody catches me$/m);
      assert.ok(!existsSync(join(folder, "data", "daemon.pid")), "it closed its store");
    });
  }

  it("gives a start up when it is told to, and leaves nothing behind", async () => {
    const config = await loadConfig({
      env: {},
      flags: { "data-dir": join(folder, "data"), form: true, "api-port": "0", "network-mdns": false },
    });
    const logger = createLogger({ level: "silent", format: "json" });
    const reason = new Error("told to stop");
    await assert.rejects(startNode(config, logger, AbortSignal.abort(reason)), reason);
    assert.ok(!existsSync(join(folder, "data")), "nothing was begun");

    const stop = new AbortController();
    const starting = startNode(config, logger, stop.signal);
    stop.abort(reason);
    await assert.rejects(starting, reason);
    // The folder is free again.
    const store = await openStore(join(folder, "data"), {
      logger: { info: () => {}, warn: () => {} },
      createIdentity: () => new Uint8Array(),
    });
    await store.close();
  });
});
