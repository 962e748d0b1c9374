/**
 * Several real node processes, each with its own data folder, on loopback or on hosts of their own: for the
 * demonstration, benchmarks and tests.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream, existsSync, mkdirSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { loadOrCreateIdentityBytes } from "../../daemon/store/index.js";
import { createIdentity, identityBytes, identityFromBytes } from "../../protocol/index.js";
import { eventually, NodeClient } from "./node_client.js";

const BIN = fileURLToPath(new URL("../../daemon/cli/bin.js", import.meta.url));
const STOP_MS = 12_000;

export interface LocalNode {
  readonly index: number;
  readonly name: string;
  readonly peer: string;
  readonly dataDir: string;
  readonly listen: string;
  readonly api: NodeClient;
  /** Null while it is not running. */
  process: ChildProcess | null;
}

/** A machine for one node, where it finds the others by itself: by multicast DNS. */
export interface NodeHost {
  /** What to put in front of a command so that it runs there. */
  readonly command: readonly string[];
  readonly listen: string;
  /** On that machine's loopback. */
  readonly apiPort: number;
  /** How this process reaches that API. */
  readonly apiUrl: string;
}

export interface LocalSwarmOptions {
  /** Folder for the data folders and logs. */
  readonly root: string;
  /** Nodes that found the swarm together. */
  readonly founders: number;
  readonly names?: readonly string[];
  /** Further flags for every node, e.g. `["--training-inline-update-max-bytes", "0"]`. */
  readonly flags?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** By the node's index; without it, all run here and are told of each other. */
  readonly hosts?: readonly NodeHost[];
}

/** What a story that is still running meets when its swarm is being stopped. */
export class SwarmClosedError extends Error {}

export class LocalSwarm {
  readonly nodes: LocalNode[] = [];
  private closing: Promise<void> | null = null;

  constructor(private readonly options: LocalSwarmOptions) {}

  /** Gives the next node its folder, identity and ports; `start` runs it. */
  async add(): Promise<LocalNode> {
    const index = this.nodes.length;
    const name = this.options.names?.[index] ?? `node-${index + 1}`;
    const dataDir = join(this.options.root, name);
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    const key = await loadOrCreateIdentityBytes(dataDir, () => identityBytes(createIdentity()));
    const { peerId } = identityFromBytes(key);
    const host = this.options.hosts?.[index];
    const [p2p, http] = host === undefined ? await freePorts(2) : [];
    const node: LocalNode = {
      index,
      name,
      peer: peerId,
      dataDir,
      listen: host?.listen ?? `/ip4/127.0.0.1/tcp/${p2p}`,
      api: new NodeClient(host?.apiUrl ?? `http://127.0.0.1:${http}`),
      process: null,
    };
    this.nodes.push(node);
    return node;
  }

  /**
   * Starts a node's process; it finds the others by the addresses of those added so far.
   *
   * @param cwd folder that it runs in, where its relative paths begin; this process's own when left out
   * @throws SwarmClosedError after `stopAll`, which would not know of it
   */
  start(node: LocalNode, flags: readonly string[] = [], cwd = process.cwd()): void {
    if (this.closing !== null)
      throw new SwarmClosedError(`the swarm is being stopped: ${node.name} stays down`);
    const host = this.options.hosts?.[node.index];
    const others = this.nodes.filter((n) => n !== node).map((n) => `${n.listen}/p2p/${n.peer}`);
    const told = ["--network-mdns=false", ...others.flatMap((address) => ["--bootstrap", address])];
    const founder = node.index < this.options.founders;
    const args = [
      BIN,
      "start",
      ...["--data-dir", node.dataDir, "--name", node.name],
      ...["--listen", node.listen, ...(host === undefined ? told : [])],
      ...["--bootstrap-expect", String(founder ? this.options.founders : 0)],
      ...["--api-port", String(host?.apiPort ?? new URL(node.api.url).port), "--api-rate-limit", "0"],
      // Everybody who reaches these loopback ports is the one who started them.
      ...["--authentication-provider", "none"],
      ...["--log-format", "json", "--log-level", "debug"],
      ...(this.options.flags ?? []),
      ...flags,
    ];
    // The IPC channel ties the child's life to ours: a node whose parent has gone stops by itself.
    const [program = process.execPath, ...before] = host?.command ?? [];
    const once = lastOfEach(args);
    const child = spawn(program, host === undefined ? once : [...before, process.execPath, ...once], {
      stdio: ["ignore", "pipe", "pipe", "ipc"],
      env: { ...process.env, ...this.options.env },
      cwd,
      detached: true,
    });
    const log = createWriteStream(join(node.dataDir, "node.log"), { flags: "a" });
    child.stdout?.pipe(log);
    child.stderr?.pipe(log);
    child.on("exit", () => {
      if (node.process === child) node.process = null;
    });
    node.process = child;
  }

  /** Resolves when every node knows a leader and sees all founders alive as the voters. @throws when it takes longer */
  async formed(timeoutMs: number): Promise<void> {
    const { founders } = this.options;
    await eventually(
      "the swarm forms",
      async () => {
        for (const node of this.nodes) {
          const { leader, voters } = await node.api.consensus();
          if (leader === null || voters.length !== founders || voters.some((v) => !v.alive)) return null;
        }
        return true;
      },
      timeoutMs,
    );
  }

  running(): LocalNode[] {
    return this.nodes.filter((n) => n.process !== null);
  }

  /** The last lines of a node's log, for a message about why it failed. */
  logTail(node: LocalNode, lines = 15): string {
    try {
      return readFileSync(join(node.dataDir, "node.log"), "utf8")
        .trimEnd()
        .split("\n")
        .slice(-lines)
        .join("\n");
    } catch {
      return "(no log)";
    }
  }

  /** The JSON log records of a node with this message, of all its runs. */
  logged(node: LocalNode, message: string): Record<string, unknown>[] {
    const file = join(node.dataDir, "node.log");
    if (!existsSync(file)) return [];
    return readFileSync(file, "utf8")
      .split("\n")
      .filter((line) => line.startsWith("{") && line.endsWith("}") && line.includes(`"msg":"${message}"`))
      .map((line): Record<string, unknown> => JSON.parse(line));
  }

  /** kill -9 for the whole node: its daemon and its trainer. */
  async kill(node: LocalNode): Promise<void> {
    await this.end(node, "SIGKILL");
  }

  async stop(node: LocalNode): Promise<void> {
    await this.end(node, "SIGTERM");
  }

  /** Ends every node, politely, then not, and for good: none can be started afterwards. */
  stopAll(): Promise<void> {
    this.closing ??= Promise.all(this.running().map((node) => this.end(node, "SIGTERM"))).then(
      () => undefined,
    );
    return this.closing;
  }

  private async end(node: LocalNode, signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    const child = node.process;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    if (signal === "SIGKILL") killGroup(child);
    else child.kill(signal);
    const timer = setTimeout(() => killGroup(child), STOP_MS);
    await gone;
    clearTimeout(timer);
    node.process = null;
  }
}

/** A setting that is given again takes the place of the one before; lists may be given as often as one likes. */
export function lastOfEach(args: readonly string[]): string[] {
  const nameAt = (index: number) => /^--[^=]+/.exec(args[index] ?? "")?.[0];
  const last = new Map(args.map((_, index) => [nameAt(index), index]));
  return args.filter((arg, index) => {
    // A value goes with the flag before it.
    const flag = arg.startsWith("--") || !args[index - 1]?.startsWith("--") ? index : index - 1;
    const name = nameAt(flag);
    return name === undefined || name === "--bootstrap" || last.get(name) === flag;
  });
}

/** A node leads a process group of its own, in which its trainer is too. */
function killGroup(child: ChildProcess): void {
  if (child.pid === undefined || process.platform === "win32") {
    child.kill("SIGKILL");
    return;
  }
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // The last of them has just ended.
  }
}

/**
 * Below the range from which systems take the ports of outgoing connections (32768 on Linux, 49152 elsewhere): a port
 * there stays free between the look and the start of the node.
 */
const PORT_MIN = 20_000;
const PORT_MAX = 32_000;
const given = new Set<number>();

/** Ports on which nothing listens, never the same twice. */
async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  while (ports.length < count) {
    const port = PORT_MIN + Math.floor(Math.random() * (PORT_MAX - PORT_MIN));
    if (given.has(port) || !(await isFree(port))) continue;
    given.add(port);
    ports.push(port);
  }
  return ports;
}

function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
