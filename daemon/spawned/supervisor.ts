/** The nodes that this one starts on its own host on request: as many as are allowed, across its own restarts. */
import { existsSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Logger } from "../logger.js";
import { ServiceError } from "../services/errors.js";
import type { SpawnedNode, SpawnedPort, SpawnRequest, StartedNode } from "../services/spawned_port.js";
import { hostPortOf } from "../services/views/common.js";
import { listenAddresses } from "./arguments.js";
import { Child } from "./child.js";
import { arePortsFree } from "./ports.js";
import { loadRecords, type SpawnedRecord, saveRecords } from "./record.js";

/** A node that does not answer its health check by then has failed to start. */
const START_MS_MAX = 60_000;
/** Of a name that is made up here. */
const NAME_CHARS_MAX = 63;

export interface SupervisorInit {
  /** Of this node; its nodes are in `nodes` below. */
  readonly dataDir: string;
  readonly name: string;
  readonly listen: readonly string[];
  /** 0: none is started. */
  readonly nodesMax: number;
  readonly command: (record: SpawnedRecord, dataDir: string) => readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly logger: Pick<Logger, "info" | "warn" | "error">;
}

interface Kept {
  readonly record: SpawnedRecord;
  readonly child: Child;
}

export class SpawnedNodes implements SpawnedPort {
  private readonly nodes = new Map<string, Kept>();
  private stopping = false;
  private saving: Promise<void> = Promise.resolve();

  constructor(private readonly init: SupervisorInit) {}

  /** Starts those again that ran when this node was last stopped. */
  async resume(): Promise<void> {
    const { logger, nodesMax } = this.init;
    let records: SpawnedRecord[];
    try {
      records = await loadRecords(this.folder);
    } catch (err) {
      logger.error({ err }, "the nodes that were started on this host are not started again");
      return;
    }
    for (const record of records) this.nodes.set(record.name, { record, child: this.childOf(record) });
    const allowed = [...this.nodes.values()].slice(0, nodesMax);
    if (this.stopping) return;
    for (const { child } of allowed) child.start();
    const left = records.slice(nodesMax).map((r) => r.name);
    if (left.length > 0)
      logger.warn({ nodes: left, nodesMax }, "more nodes than api.spawned_nodes_max allows: these stay down");
  }

  list(): readonly SpawnedNode[] {
    return [...this.nodes.values()].map(({ child }) => child.view());
  }

  async start(request: SpawnRequest): Promise<StartedNode> {
    const record = this.reserve(request);
    const { name } = record;
    const dataDir = this.dataDirOf(name);
    const isNew = !existsSync(dataDir);
    const child = this.childOf(record);
    this.nodes.set(name, { record, child });
    try {
      await this.assertPortFree(record);
      await mkdir(dataDir, { recursive: true, mode: 0o700 });
      await this.save();
      child.start();
      const fault = await child.settled(START_MS_MAX);
      const { pid } = child.view();
      if (fault === null && child.peer !== null && child.apiAddress !== null && pid !== null)
        return {
          ...{ name, dataDir, pid, peer: child.peer, apiAddress: child.apiAddress },
          address: child.addresses.map(hostPortOf).find((address) => address !== null) ?? null,
        };
      throw new ServiceError("NODE_START_FAILED", `${name} did not start: ${fault ?? "it ended again"}`, {
        name,
        log: isNew ? null : join(dataDir, "node.log"),
      });
    } catch (error) {
      await child.stop();
      this.nodes.delete(name);
      await this.save();
      if (isNew) await rm(dataDir, { recursive: true, force: true });
      throw error;
    }
  }

  async remove(name: string, purge: boolean): Promise<void> {
    const kept = this.nodes.get(name);
    if (kept === undefined) return;
    await kept.child.stop();
    this.nodes.delete(name);
    await this.save();
    if (purge) await rm(this.dataDirOf(name), { recursive: true, force: true });
    this.init.logger.info({ node: name, purge }, "a node on this host was stopped for good");
  }

  /** With this node: they are started again when it is. */
  async stop(): Promise<void> {
    this.stopping = true;
    await Promise.all([...this.nodes.values()].map(({ child }) => child.stop()));
  }

  private get folder(): string {
    return join(this.init.dataDir, "nodes");
  }

  private dataDirOf(name: string): string {
    return join(this.folder, name);
  }

  private childOf(record: SpawnedRecord): Child {
    const { command, env, logger } = this.init;
    const dataDir = this.dataDirOf(record.name);
    return new Child({ name: record.name, dataDir, command: () => command(record, dataDir), env, logger });
  }

  /** Without waiting for anything, so that two requests at a time cannot take one place. */
  private reserve({ name, port, maxPeers, model }: SpawnRequest): SpawnedRecord {
    const { nodesMax } = this.init;
    if (this.stopping) throw new ServiceError("NOT_READY", "this node is being stopped");
    if (this.nodes.size >= nodesMax) {
      const message =
        nodesMax === 0
          ? "this node starts no others (api.spawned_nodes_max is 0)"
          : `${this.nodes.size} nodes were started on this host, at most ${nodesMax} may be (api.spawned_nodes_max)`;
      throw new ServiceError("SPAWNED_NODES_FULL", message, { nodes: this.nodes.size, max: nodesMax });
    }
    if (name !== null && this.nodes.has(name))
      throw new ServiceError("NODE_EXISTS", `${name} was started on this host already`, { name });
    const taken = [...this.nodes.values()].find(({ record }) => port !== null && record.port === port);
    if (taken !== undefined) throw portInUse(port ?? 0, `${taken.record.name} has it`);
    return { name: name ?? this.nextName(), port, maxPeers, model };
  }

  private nextName(): string {
    for (let n = 1; ; n++) {
      const name = `${this.init.name.slice(0, NAME_CHARS_MAX - 1 - String(n).length)}-${n}`;
      // A folder that was kept is another node's: it is used again only by name.
      if (!this.nodes.has(name) && !existsSync(this.dataDirOf(name))) return name;
    }
  }

  private async assertPortFree({ port }: SpawnedRecord): Promise<void> {
    if (port === null) return;
    if (!(await arePortsFree(listenAddresses(this.init.listen, port), port)))
      throw portInUse(port, "something on this host listens there");
  }

  /** One after the other, each with what is true by then. */
  private save(): Promise<void> {
    this.saving = this.saving
      .catch(() => undefined)
      .then(async () => {
        await mkdir(this.folder, { recursive: true, mode: 0o700 });
        await saveRecords(
          this.folder,
          [...this.nodes.values()].map((kept) => kept.record),
        );
      });
    return this.saving;
  }
}

function portInUse(port: number, why: string): ServiceError {
  const message = `port ${port} is in use: ${why}. Take another, or leave it out and the system chooses one`;
  return new ServiceError("PORT_IN_USE", message, { port });
}
