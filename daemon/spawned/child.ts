/** One node in a process of its own: started, watched, started again when it ends by itself, stopped. */
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { z } from "zod";
import type { Logger } from "../logger.js";
import type { SpawnedNode } from "../services/spawned_port.js";
import { BoundedLog } from "./bounded_log.js";

/** A node promises to be down after ten seconds. */
const STOP_MS_MAX = 12_000;
/** Between two questions whether it is well, until it first is. */
const HEALTH_POLL_MS = 100;
/** For one such question. */
const HEALTH_CALL_MS = 2000;
/** Before the first restart; each further one waits twice as long. */
const RESTART_MS_MIN = 1000;
/** No restart waits longer. */
const RESTART_MS_MAX = 60_000;
/** Ends in a row, none of them after a time that counts as good, after which it stays down. */
const ENDS_IN_A_ROW_MAX = 8;
/** Up for so long, an end counts as the first again. */
const GOOD_MS_MIN = 60_000;
/** Of one line of its output while its announcement is looked for. */
const LINE_BYTES_MAX = 64 * 1024;
/** Of its last output, for the reason that it gives when it ends. */
const LAST_WORDS_CHARS_MAX = 2048;

const announcementSchema = z.object({
  peerId: z.string().max(128),
  addresses: z.array(z.string().max(1024)).max(256),
  api: z.url(),
});

export interface ChildInit {
  readonly name: string;
  readonly dataDir: string;
  /** The program and its arguments; asked anew at every start, since this node's addresses may have changed. */
  readonly command: () => readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly logger: Pick<Logger, "info" | "warn">;
  /** Default: `RESTART_MS_MIN`. */
  readonly restartMsMin?: number;
}

export class Child {
  peer: string | null = null;
  apiAddress: string | null = null;
  addresses: readonly string[] = [];
  private state: SpawnedNode["state"] = "stopped";
  private process: ChildProcess | null = null;
  private timer: NodeJS.Timeout | null = null;
  private restarts = 0;
  private endsInARow = 0;
  private startedAtMs = 0;
  private reason: string | null = null;
  private lastWords = "";
  private readonly waiting = new Set<() => void>();

  constructor(private readonly init: ChildInit) {}

  view(): SpawnedNode {
    const { name, dataDir } = this.init;
    const { peer, state, apiAddress, restarts, reason } = this;
    return { name, peer, state, pid: this.process?.pid ?? null, dataDir, apiAddress, restarts, reason };
  }

  start(): void {
    if (this.process !== null || this.timer !== null) return;
    this.endsInARow = 0;
    this.launch();
  }

  /** Resolves with the reason it does not run, or null once it answers its health check. */
  async settled(timeoutMs: number): Promise<string | null> {
    const untilMs = performance.now() + timeoutMs;
    while (this.state === "starting") {
      const leftMs = untilMs - performance.now();
      if (leftMs <= 0) return `it did not answer its health check within ${timeoutMs} ms`;
      await this.changed(leftMs);
    }
    return this.state === "running" ? null : (this.reason ?? "it was stopped");
  }

  /** Politely, then not. It is not started again. */
  async stop(): Promise<void> {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    const { process: child } = this;
    this.become(child === null ? "stopped" : "stopping", null);
    if (child === null) return;
    child.kill("SIGTERM");
    const limit = setTimeout(() => child.kill("SIGKILL"), STOP_MS_MAX);
    while (this.process === child) await this.changed(STOP_MS_MAX);
    clearTimeout(limit);
  }

  private launch(): void {
    const { command, dataDir, env, name, logger } = this.init;
    const [program = "", ...args] = command();
    this.startedAtMs = performance.now();
    this.lastWords = "";
    this.become("starting", null);
    // The channel ties its life to ours: a node whose parent has gone stops by itself.
    const child = spawn(program, args, { cwd: dataDir, env, stdio: ["ignore", "pipe", "pipe", "ipc"] });
    this.process = child;
    const log = new BoundedLog(join(dataDir, "node.log"));
    let line = "";
    child.stdout?.on("data", (chunk: Buffer) => {
      log.write(chunk);
      if (this.state !== "starting" || this.process !== child) return;
      line += chunk.toString("utf8");
      for (let end = line.indexOf("\n"); end >= 0; end = line.indexOf("\n")) {
        this.heard(child, line.slice(0, end));
        line = line.slice(end + 1);
      }
      if (line.length > LINE_BYTES_MAX) line = "";
    });
    child.stderr?.on("data", (chunk: Buffer) => {
      log.write(chunk);
      this.lastWords = (this.lastWords + chunk.toString("utf8")).slice(-LAST_WORDS_CHARS_MAX);
    });
    child.once("error", (error) => {
      this.lastWords = error.message;
      if (child.pid === undefined) this.ended(child, "it could not be started");
    });
    child.once("close", (code, signal) => {
      void log.end();
      this.ended(child, signal === null ? `exit code ${code}` : `ended by ${signal}`);
    });
    logger.info({ node: name, pid: child.pid, dataDir }, "a node was started on this host");
  }

  private heard(child: ChildProcess, line: string): void {
    if (!line.startsWith("{") || this.apiAnnounced(child)) return;
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      return;
    }
    const announcement = announcementSchema.safeParse(value);
    if (!announcement.success) return;
    const { peerId, addresses, api } = announcement.data;
    this.peer = peerId;
    this.addresses = addresses;
    this.apiAddress = api;
    void this.waitHealthy(child, api);
  }

  private apiAnnounced(child: ChildProcess): boolean {
    return this.process !== child || this.apiAddress !== null;
  }

  private async waitHealthy(child: ChildProcess, api: string): Promise<void> {
    while (this.process === child && this.state === "starting") {
      const signal = AbortSignal.timeout(HEALTH_CALL_MS);
      const answer = await fetch(new URL("/health", api), { signal }).catch(() => null);
      await answer?.body?.cancel();
      if (this.process !== child || this.state !== "starting") return;
      if (answer?.status === 200) this.become("running", null);
      else await new Promise((resolve) => setTimeout(resolve, HEALTH_POLL_MS));
    }
  }

  private ended(child: ChildProcess, how: string): void {
    if (this.process !== child) return;
    const { name, logger, restartMsMin = RESTART_MS_MIN } = this.init;
    this.process = null;
    this.apiAddress = null;
    const said = this.lastWords.trim().split("\n").at(-1) ?? "";
    const reason = said === "" ? how : `${how}: ${said}`;
    if (this.state === "stopping") {
      this.become("stopped", null);
      return;
    }
    this.endsInARow = performance.now() - this.startedAtMs >= GOOD_MS_MIN ? 1 : this.endsInARow + 1;
    if (this.endsInARow >= ENDS_IN_A_ROW_MAX) {
      logger.warn({ node: name, reason }, "a node on this host has ended too often and stays down");
      this.become("failed", reason);
      return;
    }
    const delayMs = Math.min(RESTART_MS_MAX, restartMsMin * 2 ** (this.endsInARow - 1));
    logger.warn({ node: name, reason, delayMs }, "a node on this host has ended and is started again");
    this.become("waiting", reason);
    this.timer = setTimeout(() => {
      this.timer = null;
      this.restarts += 1;
      this.launch();
    }, delayMs);
  }

  private become(state: SpawnedNode["state"], reason: string | null): void {
    this.state = state;
    this.reason = reason;
    for (const wake of [...this.waiting]) wake();
  }

  private changed(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.waiting.delete(done);
        resolve();
      };
      const timer = setTimeout(done, timeoutMs);
      this.waiting.add(done);
    });
  }
}
