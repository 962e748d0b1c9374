/**
 * A disk that fills under a node that trains: it says so and stops, keeps what was committed, does not start while the
 * disk is full, says why, and goes on when there is room again.
 *
 * Run in a mount namespace of its own (`unshare -m`), so that the small disk goes with the process, however that ends.
 * Exit code 77: a disk cannot be mounted here.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { eventually, NodeClient } from "../lib/node_client.js";
import { assertKept, STEP_MS, TINY_SESSION, type Versions, versionsOf } from "./training_swarm.js";
import { verifiedFolder } from "./verified.js";

const BIN = fileURLToPath(new URL("../../daemon/cli/bin.js", import.meta.url));
const SKIPPED = 77;
/** Of the disk. A database wants 64 MiB to begin with again. */
const DISK_MIB = 96;
const BALLAST_BYTES = 64 * 1024;
const SAID_CHARS_MAX = 20_000;
const FULL = /is full/;

class NodeOnDisk {
  readonly child: ChildProcess;
  said = "";
  private readonly ended: Promise<unknown>;

  constructor(dataDir: string, port: number) {
    const args = [
      ...[BIN, "start", "--data-dir", dataDir, "--form", "--network-mdns=false"],
      ...[
        "--listen",
        "/ip4/127.0.0.1/tcp/0",
        "--api-port",
        String(port),
        "--api-rate-limit",
        "0",
        "--authentication-provider",
        "none",
        "--log-format",
        "json",
      ],
    ];
    this.child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.on("data", (chunk: Buffer) => {
        this.said = (this.said + chunk).slice(-SAID_CHARS_MAX);
      });
    }
    this.ended = once(this.child, "close");
  }

  get running(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  async end(): Promise<number | null> {
    await this.ended;
    return this.child.exitCode;
  }

  async stop(): Promise<void> {
    if (this.running) this.child.kill("SIGTERM");
    await this.ended;
  }
}

async function story(disk: string): Promise<void> {
  const dataDir = join(disk, "node");
  const port = 20_000 + (process.pid % 10_000);
  const api = new NodeClient(`http://127.0.0.1:${port}`);
  const source = { name: "the node", api };
  let node = new NodeOnDisk(dataDir, port);
  try {
    const { session_id } = await eventually(
      "it trains",
      () => api.startTraining(TINY_SESSION),
      STEP_MS,
      1000,
    );
    if (session_id === null) throw new Error("a session without a name");
    const reached = (height: number) =>
      eventually(
        `version ${height}`,
        async () => {
          if (!node.running) throw new Error(`the node ended: ${node.said}`);
          const versions = await versionsOf(source);
          return versions.has(height) ? versions : null;
        },
        STEP_MS,
      );
    let known: Versions = await reached(3);
    known = await fillUntilItStops(
      node,
      disk,
      async () => {
        const versions = await versionsOf(source);
        assertKept(known, versions);
        return versions;
      },
      known,
    );
    expectFull("stopped", await node.end(), node.said);
    console.log(
      `the node stopped, version ${Math.max(...known.keys())} was committed: ${lastLine(node.said)}`,
    );

    fill(join(disk, "ballast"));
    node = new NodeOnDisk(dataDir, port);
    expectFull("did not start", await node.end(), node.said);
    console.log(`it did not start: ${lastLine(node.said)}`);

    rmSync(join(disk, "ballast"));
    const lineage = await verifiedFolder(dataDir, session_id);
    if (lineage.versions <= Math.max(...known.keys()))
      throw new Error(`only ${lineage.versions} versions are left`);
    node = new NodeOnDisk(dataDir, port);
    const after = await reached(Math.max(...known.keys()) + 3);
    assertKept(known, after);
    console.log(`with room again it went on: version ${Math.max(...after.keys())}`);
  } finally {
    await node.stop();
  }
}

/** Asks the node for its versions all the while. @returns the last that it told */
async function fillUntilItStops(
  node: NodeOnDisk,
  disk: string,
  ask: () => Promise<Versions>,
  first: Versions,
): Promise<Versions> {
  let known = first;
  const untilMs = Date.now() + STEP_MS;
  while (node.running) {
    if (Date.now() > untilMs) throw new Error(`the node went on with a full disk: ${node.said}`);
    // Again and again: the node makes room of what it no longer needs.
    fill(join(disk, "ballast"));
    known = await ask().catch((error: Error) => {
      if (/ECONNREFUSED|ECONNRESET|fetch failed|: 503 /.test(`${error.message} ${error.cause}`)) return known;
      throw error;
    });
    await setTimeout(50);
  }
  return known;
}

/** Appends until nothing more fits. */
function fill(path: string): void {
  const file = openSync(path, "a");
  try {
    for (let bytes = BALLAST_BYTES; bytes >= 1; ) {
      try {
        writeSync(file, Buffer.alloc(bytes, 1));
      } catch (error) {
        if (!(error instanceof Error && "code" in error && error.code === "ENOSPC")) throw error;
        bytes = Math.floor(bytes / 2);
      }
    }
  } finally {
    closeSync(file);
  }
}

function expectFull(what: string, exitCode: number | null, said: string): void {
  if (exitCode !== 1 || !FULL.test(said) || !/[Ff]ree /.test(said))
    throw new Error(
      `it ${what} with ${exitCode} and did not say that the disk is full and what to do:\n${said}`,
    );
}

const lastLine = (said: string): string =>
  said
    .trimEnd()
    .split("\n")
    .findLast((line) => FULL.test(line)) ?? "(nothing)";

const mountPoint = mkdtempSync(join(tmpdir(), "ncrsh-full-"));
try {
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${DISK_MIB}m,mode=0700`, "tmpfs", mountPoint], {
    stdio: "pipe",
  });
} catch (error) {
  console.log(
    `skipped: no disk can be mounted here: ${error instanceof Error ? error.message.trim() : error}`,
  );
  rmSync(mountPoint, { recursive: true });
  process.exit(SKIPPED);
}
try {
  await story(mountPoint);
} finally {
  execFileSync("umount", [mountPoint]);
  rmSync(mountPoint, { recursive: true });
}
