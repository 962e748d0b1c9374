// Generated from the declarations of the node's routes (npm run fix:docs). Do not edit.

import type { CallOptions } from "../operation.js";
import { Group } from "../group.js";
import type { Transport } from "../transport.js";
import { OPERATIONS } from "./operations.js";
import type {
  Approvals,
  CastVote,
  ConsensusStatus,
  Decision,
  Health,
  History,
  Live,
  ModelList,
  NetworkMetrics,
  NodeDetail,
  NodeList,
  NodeRemoved,
  Ready,
  Setting,
  SettingDeleted,
  SettingList,
  Topology,
  TrainingStatus,
} from "./schemas.js";

export interface TrainingStartArgs {
  readonly dataset: string;
  readonly epochs?: number;
  readonly rounds?: number;
  readonly batch_size?: number;
  readonly learning_rate?: number;
  readonly nodes?: readonly string[];
  /** Default: "cooperative_sgd". */
  readonly strategy?: "cooperative_sgd" | "sync_sgd";
  /** Default: {}. */
  readonly model?: {
    readonly type?: "gpt2" | "mlp" | "cnn";
    readonly hidden_size?: number;
    readonly num_layers?: number;
    readonly num_heads?: number;
    readonly context_length?: number;
    readonly hidden?: number | readonly number[];
    readonly channels?: readonly number[];
  };
  /** Default: "char". */
  readonly tokenizer?: "char" | "byte";
  readonly inner_steps?: number;
  /** Default: "int8". */
  readonly codec?: "fp32" | "fp16" | "int8";
  /** Default: "centered_clip". */
  readonly aggregator?: "mean" | "centered_clip";
  readonly outer_learning_rate?: number;
  readonly outer_momentum?: number;
  /** Default: 0.9. */
  readonly beta1?: number;
  /** Default: 0.99. */
  readonly beta2?: number;
  /** Default: 1e-8. */
  readonly epsilon?: number;
  /** Default: 0.1. */
  readonly weight_decay?: number;
  /** Default: 1. */
  readonly clip_norm?: number;
  readonly warmup_steps?: number;
  /** Default: 0.1. */
  readonly final_learning_rate_ratio?: number;
  /** Default: 0. */
  readonly seed?: number;
  readonly evaluate_every?: number;
  readonly round_timeout?: number | string;
}

export interface ConsensusVoteArgs {
  readonly vote: "approve" | "reject";
  readonly model_hash: string;
  readonly reason?: string;
}

export interface ConsensusHistoryArgs {
  readonly limit?: number;
  readonly before?: number;
}

export interface SettingsListArgs {
  /** Default: "linearizable". */
  readonly consistency?: "linearizable" | "local";
  readonly after?: number;
  readonly timeout_ms?: number;
}

export interface SettingsGetArgs {
  /** Default: "linearizable". */
  readonly consistency?: "linearizable" | "local";
  readonly after?: number;
  readonly timeout_ms?: number;
}

export interface SettingsSetArgs {
  readonly value: unknown;
}

export class HealthGroup extends Group {
  /** Whether the node is well, and who it is; always 200 while the process answers. */
  health(options?: CallOptions): Promise<Health> {
    return this.call<Health>(OPERATIONS["health.health"], { path: {  }, args: {} }, options);
  }

  /** Readiness: 200 when the node can do its work, else 503, with every check. */
  ready(options?: CallOptions): Promise<Ready> {
    return this.call<Ready>(OPERATIONS["health.ready"], { path: {  }, args: {} }, options);
  }

  /** Liveness: 200 while the process answers. */
  live(options?: CallOptions): Promise<Live> {
    return this.call<Live>(OPERATIONS["health.live"], { path: {  }, args: {} }, options);
  }

  /** Metrics in Prometheus' text format. */
  metrics(options?: CallOptions): Promise<string> {
    return this.call<string>(OPERATIONS["health.metrics"], { path: {  }, args: {} }, options);
  }
}

export class NodesGroup extends Group {
  /** List all nodes in the swarm. Role: viewer. */
  list(options?: CallOptions): Promise<NodeList> {
    return this.call<NodeList>(OPERATIONS["nodes.list"], { path: {  }, args: {} }, options);
  }

  /** Detailed node information, by peer id or by a name that only one node has. Role: viewer. */
  get(node_id: string, options?: CallOptions): Promise<NodeDetail> {
    return this.call<NodeDetail>(OPERATIONS["nodes.get"], { path: { node_id }, args: {} }, options);
  }

  /** Remove a node from the swarm; answers once the swarm has committed it. Role: admin. */
  remove(node_id: string, options?: CallOptions): Promise<NodeRemoved> {
    return this.call<NodeRemoved>(OPERATIONS["nodes.remove"], { path: { node_id }, args: {} }, options);
  }
}

export class TrainingGroup extends Group {
  /** Start a distributed training session; answers once the swarm has committed it. Role: operator. */
  start(args: TrainingStartArgs, options?: CallOptions): Promise<TrainingStatus> {
    return this.call<TrainingStatus>(OPERATIONS["training.start"], { path: {  }, args: { ...args } }, options);
  }

  /** The running training session, else the last one. Role: viewer. */
  status(options?: CallOptions): Promise<TrainingStatus> {
    return this.call<TrainingStatus>(OPERATIONS["training.status"], { path: {  }, args: {} }, options);
  }

  /** Stop the running training session; its last version stays. Role: operator. */
  stop(options?: CallOptions): Promise<TrainingStatus> {
    return this.call<TrainingStatus>(OPERATIONS["training.stop"], { path: {  }, args: {} }, options);
  }
}

export class ModelsGroup extends Group {
  /** List the models: the last version of every session, newest first. Role: viewer. */
  list(options?: CallOptions): Promise<ModelList> {
    return this.call<ModelList>(OPERATIONS["models.list"], { path: {  }, args: {} }, options);
  }
}

export class ConsensusGroup extends Group {
  /** Consensus as this node sees it: leader, voters, quorum, log, current version. Role: viewer. */
  status(options?: CallOptions): Promise<ConsensusStatus> {
    return this.call<ConsensusStatus>(OPERATIONS["consensus.status"], { path: {  }, args: {} }, options);
  }

  /** This node's votes on the versions of the open round, and those that wait for its operator. Role: viewer. */
  approvals(options?: CallOptions): Promise<Approvals> {
    return this.call<Approvals>(OPERATIONS["consensus.approvals"], { path: {  }, args: {} }, options);
  }

  /** Submit this node's vote on a version that waits for it; answers once it is signed. Role: operator. */
  vote(args: ConsensusVoteArgs, options?: CallOptions): Promise<CastVote> {
    return this.call<CastVote>(OPERATIONS["consensus.vote"], { path: {  }, args: { ...args } }, options);
  }

  /** Decisions, latest first. Role: viewer. */
  history(args: ConsensusHistoryArgs = {}, options?: CallOptions): Promise<History> {
    return this.call<History>(OPERATIONS["consensus.history"], { path: {  }, args: { ...args } }, options);
  }

  /** As `history`, page after page. */
  historyPages(args: ConsensusHistoryArgs = {}, options?: CallOptions): AsyncGenerator<History> {
    return this.paged(async (before: number | undefined) => this.history({ ...args, ...(before === undefined ? {} : { before }) }, options), (page) => page.next_before);
  }

  /** As `history`, one after the other, over all pages. */
  async *historyIterate(args: ConsensusHistoryArgs = {}, options?: CallOptions): AsyncGenerator<Decision> {
    for await (const page of this.historyPages(args, options)) yield* page.decisions;
  }
}

export class SettingsGroup extends Group {
  /** List the swarm's settings; with `after`, once something is newer than that revision. Role: viewer. */
  list(args: SettingsListArgs = {}, options?: CallOptions): Promise<SettingList> {
    return this.call<SettingList>(OPERATIONS["settings.list"], { path: {  }, args: { ...args } }, options);
  }

  /** One setting of the swarm; with `after`, once it is newer than that revision. Role: viewer. */
  get(key: string, args: SettingsGetArgs = {}, options?: CallOptions): Promise<Setting> {
    return this.call<Setting>(OPERATIONS["settings.get"], { path: { key }, args: { ...args } }, options);
  }

  /** Set it; with If-Match only if that is its revision, with If-None-Match: * only if there is none. Role: admin. */
  set(key: string, args: SettingsSetArgs, options?: CallOptions): Promise<Setting> {
    return this.call<Setting>(OPERATIONS["settings.set"], { path: { key }, args: { ...args } }, options);
  }

  /** Delete it; with If-Match only if that is its revision. Role: admin. */
  delete(key: string, options?: CallOptions): Promise<SettingDeleted> {
    return this.call<SettingDeleted>(OPERATIONS["settings.delete"], { path: { key }, args: {} }, options);
  }
}

export class NetworkGroup extends Group {
  /** Nodes and the answering node's own links to them. Role: viewer. */
  topology(options?: CallOptions): Promise<Topology> {
    return this.call<Topology>(OPERATIONS["network.topology"], { path: {  }, args: {} }, options);
  }

  /** Connections, latency, traffic and refusals of the answering node. Role: viewer. */
  metrics(options?: CallOptions): Promise<NetworkMetrics> {
    return this.call<NetworkMetrics>(OPERATIONS["network.metrics"], { path: {  }, args: {} }, options);
  }
}

export class DocsGroup extends Group {
  /** This contract as an OpenAPI 3.1 document. */
  openapi(options?: CallOptions): Promise<{ readonly [name: string]: unknown }> {
    return this.call<{ readonly [name: string]: unknown }>(OPERATIONS["docs.openapi"], { path: {  }, args: {} }, options);
  }

  /** This contract as a page to read, without scripts. */
  reference(options?: CallOptions): Promise<string> {
    return this.call<string>(OPERATIONS["docs.reference"], { path: {  }, args: {} }, options);
  }
}

/** Every group of operations that the contract has. */
export class Groups {
  readonly health: HealthGroup;
  readonly nodes: NodesGroup;
  readonly training: TrainingGroup;
  readonly models: ModelsGroup;
  readonly consensus: ConsensusGroup;
  readonly settings: SettingsGroup;
  readonly network: NetworkGroup;
  readonly docs: DocsGroup;

  constructor(transport: Transport) {
    this.health = new HealthGroup(transport);
    this.nodes = new NodesGroup(transport);
    this.training = new TrainingGroup(transport);
    this.models = new ModelsGroup(transport);
    this.consensus = new ConsensusGroup(transport);
    this.settings = new SettingsGroup(transport);
    this.network = new NetworkGroup(transport);
    this.docs = new DocsGroup(transport);
  }
}
