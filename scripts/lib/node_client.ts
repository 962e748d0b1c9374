/** The few HTTP calls that scripts and tests make of a node. */
import { createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout } from "node:timers/promises";
import type { ApprovalsView, CastVoteView } from "../../daemon/services/views/approvals.js";
import type { LineageView } from "../../daemon/services/views/certificates.js";
import type { ConsensusStatusView, HistoryView } from "../../daemon/services/views/consensus.js";
import type { ReadyView } from "../../daemon/services/views/health.js";
import type {
  ModelDeletedView,
  ModelListView,
  ModelLoadedView,
  ModelView,
} from "../../daemon/services/views/models.js";
import type { DiscoveryView, NetworkMetricsView, TopologyView } from "../../daemon/services/views/network.js";
import type {
  NodeCreatedView,
  NodeDetailView,
  NodeListView,
  NodeReadmittedView,
  NodeRemovedView,
} from "../../daemon/services/views/nodes.js";
import type { TrainingStatusView } from "../../daemon/services/views/training.js";

const CALL_MS = 15_000;

export class NodeClient {
  constructor(readonly url: string) {}

  ready = (): Promise<ReadyView> => this.get("/health/ready", [200, 503]);
  nodes = (): Promise<NodeListView> => this.get("/api/v1/nodes");
  node = (id: string): Promise<NodeDetailView> => this.get(`/api/v1/nodes/${encodeURIComponent(id)}`);
  createNode = (config: object): Promise<NodeCreatedView> => this.post("/api/v1/nodes", { config });
  removeNode = (id: string, query = ""): Promise<NodeRemovedView> =>
    this.call("DELETE", `/api/v1/nodes/${encodeURIComponent(id)}${query}`);
  readmitNode = (id: string): Promise<NodeReadmittedView> =>
    this.post(`/api/v1/nodes/${encodeURIComponent(id)}/readmit`, {});
  topology = (): Promise<TopologyView> => this.get("/api/v1/network/topology");
  discover = (timeout: number): Promise<DiscoveryView> => this.post("/api/v1/network/discover", { timeout });
  training = (): Promise<TrainingStatusView> => this.get("/api/v1/training/status");
  consensus = (): Promise<ConsensusStatusView> => this.get("/api/v1/consensus/status");
  approvals = (): Promise<ApprovalsView> => this.get("/api/v1/consensus/approvals");
  vote = (request: object): Promise<CastVoteView> => this.post("/api/v1/consensus/vote", request);
  history = (): Promise<HistoryView> => this.get("/api/v1/consensus/history?limit=500");
  models = (): Promise<ModelListView> => this.get("/api/v1/models");
  model = (id: string): Promise<ModelView> => this.get(`/api/v1/models/${encodeURIComponent(id)}`);
  lineage = (id: string): Promise<LineageView> =>
    this.get(`/api/v1/models/${encodeURIComponent(id)}/lineage?limit=500`);
  saveModel = (request: object): Promise<ModelView> => this.post("/api/v1/models/save", request);
  loadModel = (request: object): Promise<ModelLoadedView> => this.post("/api/v1/models/load", request);
  network = (): Promise<NetworkMetricsView> => this.get("/api/v1/network/metrics");
  startTraining = (request: object): Promise<TrainingStatusView> =>
    this.post("/api/v1/training/start", request);
  stopTraining = (): Promise<TrainingStatusView> => this.post("/api/v1/training/stop", {});

  async metrics(): Promise<string> {
    const response = await fetch(`${this.url}/metrics`, { signal: AbortSignal.timeout(CALL_MS) });
    return response.text();
  }

  async download(model: string, file: string): Promise<void> {
    const path = `/api/v1/models/${encodeURIComponent(model)}/download`;
    const response = await fetch(`${this.url}${path}`, { signal: AbortSignal.timeout(10 * CALL_MS) });
    if (!response.ok || !response.body) throw await failureOf(response, path);
    await pipeline(Readable.fromWeb(response.body), createWriteStream(file));
  }

  /** @param query for example `name=x&like=y` */
  async uploadModel(bytes: Uint8Array<ArrayBuffer>, type: string, query: string): Promise<ModelView> {
    const path = `/api/v1/models/upload?${query}`;
    const response = await fetch(`${this.url}${path}`, {
      method: "POST",
      headers: { "content-type": type },
      body: bytes,
      signal: AbortSignal.timeout(4 * CALL_MS),
    });
    if (!response.ok) throw await failureOf(response, path);
    return (await response.json()) as ModelView;
  }

  async deleteModel(id: string): Promise<ModelDeletedView> {
    const path = `/api/v1/models/${encodeURIComponent(id)}`;
    const init = { method: "DELETE", signal: AbortSignal.timeout(CALL_MS) };
    const response = await fetch(`${this.url}${path}`, init);
    if (!response.ok) throw await failureOf(response, path);
    return (await response.json()) as ModelDeletedView;
  }

  private async get<T>(path: string, accept: readonly number[] = [200]): Promise<T> {
    const response = await fetch(`${this.url}${path}`, { signal: AbortSignal.timeout(CALL_MS) });
    if (!accept.includes(response.status)) throw await failureOf(response, path);
    return (await response.json()) as T;
  }

  private post<T>(path: string, body: object): Promise<T> {
    return this.call("POST", path, body);
  }

  private async call<T>(method: "POST" | "DELETE", path: string, body?: object): Promise<T> {
    const json = { headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
    const response = await fetch(`${this.url}${path}`, {
      method,
      ...(body === undefined ? {} : json),
      signal: AbortSignal.timeout(4 * CALL_MS),
    });
    if (!response.ok) throw await failureOf(response, path);
    return (await response.json()) as T;
  }
}

async function failureOf(response: Response, path: string): Promise<Error> {
  return new Error(`${path}: ${response.status} ${(await response.text()).slice(0, 500)}`);
}

/**
 * Polls until `get` gives something other than null or undefined.
 * @throws when it does not in time, or as soon as `signal` is aborted
 */
export async function eventually<T>(
  what: string,
  get: () => Promise<T | null | undefined> | T | null | undefined,
  timeoutMs: number,
  everyMs = 150,
  signal?: AbortSignal,
): Promise<T> {
  const untilMs = Date.now() + timeoutMs;
  let last: unknown = null;
  for (;;) {
    try {
      const value = await get();
      if (value !== null && value !== undefined) return value;
    } catch (error) {
      last = error;
    }
    if (Date.now() >= untilMs) {
      const why = last instanceof Error ? `: ${last.message}` : "";
      throw new Error(`${what}: not within ${timeoutMs} ms${why}`);
    }
    await setTimeout(everyMs, undefined, { signal });
  }
}
