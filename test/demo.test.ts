/** `npm start` as its users run it: to its end, and interrupted. No process and no port may outlive it. */
import assert from "node:assert/strict";
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { verifiedLineage } from "./lineage.js";

const REPOSITORY = fileURLToPath(new URL("../../", import.meta.url));
const MAIN = join(REPOSITORY, "dist/scripts/demo/main.js");

interface Line {
  readonly event: string;
  readonly text?: string;
  readonly term?: number | null;
  readonly nodes?: readonly {
    readonly name: string;
    readonly running: boolean;
    readonly pid: number | null;
    readonly role: string;
    readonly loss: number | null;
    readonly bytesSent: number | null;
  }[];
  readonly training?: {
    readonly status: string;
    readonly progress: { readonly round: number | null; readonly height: number | null };
  } | null;
  readonly votes?: { readonly approved: number; readonly refused: number };
  readonly versions?: readonly { readonly node: string; readonly version: string }[];
  readonly equal?: boolean;
  readonly validation?: { readonly first: { loss: number }; readonly last: { loss: number } };
  readonly bytes_per_parameter_per_inner_step?: number;
  readonly checkpoint?: string;
  readonly sample?: string;
  readonly next?: readonly { readonly what: string; readonly command: string }[];
}

/** One run of the demonstration, and everything that it said. */
class Demo {
  readonly lines: Line[] = [];
  readonly process: ChildProcess;
  readonly exited: Promise<number | null>;
  stderr = "";
  private readonly waiting: ((line: Line) => void)[] = [];

  constructor(args: readonly string[]) {
    this.process = spawn(process.execPath, [MAIN, ...args], {
      cwd: REPOSITORY,
      env: { ...process.env, INIT_CWD: REPOSITORY },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.exited = once(this.process, "close").then(([code]) => code);
    this.process.stderr?.on("data", (chunk) => {
      this.stderr += chunk;
    });
    createInterface({ input: this.process.stdout as NodeJS.ReadableStream }).on("line", (text) => {
      const line: Line = JSON.parse(text);
      this.lines.push(line);
      for (const listener of this.waiting) listener(line);
    });
  }

  /** Resolves with the first line that fits. @throws when the demonstration ends without one */
  async line(fits: (line: Line) => boolean): Promise<Line> {
    const known = this.lines.find(fits);
    if (known) return known;
    const coming = new Promise<Line>((resolve) => {
      this.waiting.push((line) => {
        if (fits(line)) resolve(line);
      });
    });
    const over = this.exited.then((code) => {
      throw new Error(`it ended with ${code} first:\n${this.stderr}`);
    });
    return Promise.race([coming, over]);
  }

  said(pattern: RegExp): string | undefined {
    return this.lines.find((l) => pattern.test(l.text ?? ""))?.text;
  }

  /** Every process group that it ever had: a node leads one, and its trainer is in it. */
  groups(): number[] {
    return [...new Set(this.lines.flatMap((l) => (l.nodes ?? []).flatMap((n) => n.pid ?? [])))];
  }

  /** Every port of an HTTP API that it ever named. */
  ports(): number[] {
    const urls = this.lines.flatMap((l) => [...(l.text ?? "").matchAll(/127\.0\.0\.1:(\d+)/g)]);
    return [...new Set(urls.map((match) => Number(match[1])))];
  }
}

/** Waits for trainers too: they end when their node has gone, which takes them a moment. */
async function assertNothingLeft(demo: Demo): Promise<void> {
  const groups = demo.groups();
  assert.ok(groups.length > 0, "it never named a process");
  for (const pid of groups) while (isAlive(-pid)) await new Promise((resolve) => setTimeout(resolve, 50));
  const ports = demo.ports();
  assert.ok(ports.length > 0, "it never named a port");
  for (const port of ports) await listenOnce(port);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** @throws when something listens there */
async function listenOnce(port: number): Promise<void> {
  const server = createServer().listen(port, "127.0.0.1");
  await once(server, "listening");
  server.close();
  await once(server, "close");
}

describe("npm start", function () {
  this.timeout(300_000);
  let folder: string;
  let running: Demo | null = null;

  const start = (...args: string[]): Demo => {
    running = new Demo([...args, "--folder", folder]);
    return running;
  };

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "ncrsh-demo-"));
  });

  afterEach(function () {
    if (this.currentTest?.state === "failed") console.error(running?.stderr);
    // Its nodes end when it has gone.
    running?.process.kill("SIGKILL");
    running = null;
  });

  after(() => rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 }));

  it("trains through the death of its leader, takes in a newcomer, and ends with one version", async () => {
    const demo = start("--nodes", "3", "--rounds", "4", "--json");
    const exitCode = await demo.exited;
    assert.equal(demo.stderr, "");
    assert.equal(exitCode, 0);

    assert.match(demo.said(/^kill -9/) ?? "", /the leader, in the middle of a round/);
    assert.match(demo.said(/leads now/) ?? "", /the training goes on/);
    assert.match(demo.said(/^starting stubb/) ?? "", /takes part/);

    const summary = demo.lines.at(-1);
    assert.equal(summary?.event, "summary");
    assert.equal(summary?.equal, true);
    assert.equal(summary?.versions?.length, 3, "two founders that live, and the newcomer");
    assert.equal(new Set(summary?.versions?.map((v) => v.version)).size, 1);
    assert.ok(summary?.versions?.some((v) => v.node === "stubb"));
    const { validation } = summary ?? {};
    assert.ok(validation && validation.last.loss < validation.first.loss, JSON.stringify(validation));
    assert.ok((summary?.bytes_per_parameter_per_inner_step ?? 0) > 0);
    assert.ok(summary?.sample && summary.sample.length > "Call me Ishmael. ".length);

    const states = demo.lines.filter((l) => l.event === "state");
    const shown = (fits: (line: Line) => boolean | undefined) => assert.ok(states.some(fits), String(fits));
    shown((s) => (s.training?.progress.round ?? 0) > 1);
    shown((s) => s.nodes?.filter((n) => n.loss !== null && (n.bytesSent ?? 0) > 0).length === 3);
    shown((s) => s.nodes?.some((n) => n.role === "leader"));
    shown((s) => (s.votes?.approved ?? 0) > 0);

    const checkpoint = summary?.checkpoint as string;
    assert.ok(existsSync(checkpoint));
    const report = await verifiedLineage(checkpoint);
    assert.equal(report.ok, true);
    assert.equal(report.versions, 5);
    assert.equal(report.head, summary?.versions?.[0]?.version);
    // The first command that it advises works as it stands there.
    const advised = summary?.next?.[0]?.command as string;
    assert.match(advised, /verify-lineage/);
    await promisify(execFile)(advised, { cwd: REPOSITORY, shell: true });

    await assertNothingLeft(demo);
  });

  it("stops everything on Ctrl-C, says nothing of it as a failure, and is refused a folder in use", async () => {
    const demo = start("--nodes", "3", "--rounds", "200", "--json");
    await demo.line((l) => (l.training?.progress.height ?? 0) >= 1);
    const second = new Demo(["--nodes", "1", "--json", "--folder", folder]);
    assert.equal(await second.exited, 2);
    assert.match(second.stderr, new RegExp(`another demonstration .*process ${demo.process.pid}`));
    assert.ok(demo.groups().every(isAlive), "the first one goes on");

    demo.process.kill("SIGINT");
    assert.equal(await demo.exited, 130);
    assert.equal(demo.stderr, "");
    await assertNothingLeft(demo);
  });

  it("stops the nodes of a swarm that has not formed yet", async () => {
    const demo = start("--nodes", "3", "--json", "--no-chaos");
    await demo.line((l) => /^starting/.test(l.text ?? ""));
    demo.process.kill("SIGTERM");
    assert.equal(await demo.exited, 143);
    assert.equal(demo.stderr, "");
    // It has not named its processes yet; each has the folder among its arguments.
    const { stdout } = await promisify(execFile)("ps", ["-A", "-o", "args="]);
    assert.deepEqual(
      stdout.split("\n").filter((args) => args.includes(folder)),
      [],
    );
    for (const port of demo.ports()) await listenOnce(port);
  });

  it("kills nobody with --no-chaos, and keeps the swarm with --keep until it is told to stop", async () => {
    const demo = start("--nodes", "3", "--rounds", "2", "--no-chaos", "--keep", "--json");
    const { next, versions } = await demo.line((l) => l.event === "summary");
    assert.equal(demo.said(/kill|newcomer/), undefined);
    assert.deepEqual(
      versions?.map((v) => v.node),
      ["ishmael", "queequeg", "starbuck"],
    );
    const advised = next?.[0]?.command as string;
    await demo.line((l) => /still running/.test(l.text ?? ""));
    const { stdout } = await promisify(execFile)(advised, { cwd: REPOSITORY, shell: true });
    assert.match(stdout, /finished/);
    assert.ok(!next?.some(({ command }) => command.includes("--keep")));
    demo.process.kill("SIGINT");
    assert.equal(await demo.exited, 130);
    await assertNothingLeft(demo);
  });

  it("refuses what it does not know, and says what it does", async () => {
    const demo = start("--round", "3");
    assert.equal(await demo.exited, 2);
    assert.match(demo.stderr, /'--round'/);
    assert.match(demo.stderr, /npm start -- \[--nodes N\]/);
  });
});
