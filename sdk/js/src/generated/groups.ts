// Generated from the declarations of the node's routes (npm run fix:docs). Do not edit.

import type { CallOptions, UploadSource } from "../operation.js";
import { Group } from "../group.js";
import type { Transport } from "../transport.js";
import { OPERATIONS } from "./operations.js";
import type {
  ApiKeyCreated,
  ApiKeyDeleted,
  ApiKeyList,
  Approvals,
  Audit,
  AuditEntry,
  CastVote,
  Certificate,
  ConsensusStatus,
  Decision,
  Discovery,
  Health,
  History,
  Jwks,
  Lineage,
  Live,
  Login,
  Me,
  Model,
  ModelDeleted,
  ModelList,
  ModelLoaded,
  NetworkMetrics,
  Node,
  NodeCreated,
  NodeDetail,
  NodeList,
  NodeReadmitted,
  NodeRemoved,
  Ready,
  SessionList,
  SessionSummary,
  Setting,
  SettingDeleted,
  SettingList,
  Topology,
  TrainingStatus,
  User,
  UserDeleted,
  UserList,
} from "./schemas.js";

export interface AuthLoginArgs {
  readonly username: string;
  readonly password: string;
}

export interface AuthRefreshArgs {
  readonly refresh_token: string;
}

export interface AuthLogoutArgs {
  readonly refresh_token?: string;
}

export interface AuthCreateUserArgs {
  readonly username: string;
  /** 8 to 256 characters */
  readonly password: string;
  readonly role: "viewer" | "operator" | "admin";
}

export interface AuthUpdateUserArgs {
  /** 8 to 256 characters */
  readonly password?: string;
  readonly role?: "viewer" | "operator" | "admin";
}

export interface AuthCreateKeyArgs {
  readonly name: string;
  readonly role: "viewer" | "operator" | "admin";
  /** A duration such as 30m, 24h or 720h; left out: it does not expire */
  readonly expires_in?: string;
}

export interface NodesListArgs {
  /** `inactive`: a member that has been silent for longer than `training.dead_after`; `removed`: put out, and not listed unless asked for. */
  readonly status?: "active" | "inactive" | "removed";
  /** `guest`: heard, but not (yet) a member. */
  readonly role?: "leader" | "voter" | "learner" | "guest";
  /** Part of the name, in any case. */
  readonly name?: string;
  /** With a leading `-`: descending. What is not known comes last. */
  readonly sort?: "id" | "-id" | "name" | "-name" | "last_seen" | "-last_seen" | "training_speed" | "-training_speed" | "memory_usage" | "-memory_usage" | "network_latency" | "-network_latency";
  readonly limit?: number;
  /** `next_cursor` of the page before. */
  readonly cursor?: string;
}

export interface NodesCreateArgs {
  /** Default: {"model_config":{},"network_config":{}}. */
  readonly config?: {
    /** Also the folder of its data; one that was kept is used again. Made up when left out. */
    readonly name?: string;
    /** The model of sessions that are started through the new node and do not say. Default: {}. */
    readonly model_config?: {
      readonly hidden_size?: number;
      readonly num_layers?: number;
      readonly num_heads?: number;
    };
    /** Default: {}. */
    readonly network_config?: {
      /** TCP port for other nodes: the one of `address`. */
      readonly port?: number;
      /** Most connections to other nodes. */
      readonly max_peers?: number;
    };
  };
}

export interface NodesRemoveArgs {
  readonly purge?: "true" | "false";
}

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
  /** Default: "adamw". */
  readonly optimizer?: "adamw";
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
  /** Wait for the running session to end, and for those that wait already Default: false. */
  readonly queue?: boolean;
}

export interface TrainingStatusArgs {
  readonly session_id?: string;
}

export interface TrainingStopArgs {
  readonly session_id?: string;
  readonly reason?: string;
}

export interface TrainingPauseArgs {
  readonly session_id?: string;
  readonly reason?: string;
}

export interface TrainingResumeArgs {
  readonly session_id?: string;
}

export interface TrainingSessionsArgs {
  readonly limit?: number;
  readonly cursor?: string;
  readonly status?: "queued" | "initializing" | "running" | "paused" | "finishing" | "finished" | "stopped" | "failed";
}

export interface ModelsListArgs {
  readonly limit?: number;
  /** next_cursor of the page before; left out: the first page */
  readonly cursor?: string | null;
}

export interface ModelsSaveArgs {
  readonly name?: string;
  /** What it is marked with: an object of texts, or a list */
  readonly tags?: { readonly [name: string]: string } | readonly string[];
  readonly session_id?: string;
  readonly height?: number;
}

export interface ModelsLoadArgs {
  /** Id or name of a saved or uploaded model */
  readonly model_id: string;
  /** Versions after which the session ends; as the model's own session when left out */
  readonly rounds?: number;
}

export interface ModelsUploadArgs {
  readonly name?: string;
  /** Separated by commas: stage=candidate,best */
  readonly tags?: string;
  /** A model whose kind the tensors are of, for a file that does not say so */
  readonly like?: string;
}

export interface ModelsLineageArgs {
  readonly limit?: number;
  /** next_cursor of the page before; left out: the first page */
  readonly cursor?: string | null;
}

export interface ConsensusVoteArgs {
  readonly vote: "approve" | "reject";
  readonly model_hash: string;
  readonly reason?: string;
}

export interface ConsensusHistoryArgs {
  readonly limit?: number;
  readonly before?: number;
  readonly type?: string;
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

export interface NetworkDiscoverArgs {
  /** Longest wait, in seconds. */
  readonly timeout?: number;
}

export interface AuditListArgs {
  readonly limit?: number;
  /** `next_cursor` of the page before */
  readonly cursor?: string;
  /** Only this route's id, such as `training.start` */
  readonly action?: string;
  /** Only this caller, such as `user:ada` */
  readonly caller?: string;
  /** Only from then on, RFC 3339 */
  readonly since?: string;
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

export class AuthGroup extends Group {
  /** Log in with a user's name and password. */
  login(args: AuthLoginArgs, options?: CallOptions): Promise<Login> {
    return this.call<Login>(OPERATIONS["auth.login"], { path: {  }, args: { ...args } }, options);
  }

  /** Trade a refresh token, which then is used up, for new tokens. */
  refresh(args: AuthRefreshArgs, options?: CallOptions): Promise<Login> {
    return this.call<Login>(OPERATIONS["auth.refresh"], { path: {  }, args: { ...args } }, options);
  }

  /** End the login that the token comes from, with all its tokens, on every node. Role: viewer. */
  logout(args: AuthLogoutArgs = {}, options?: CallOptions): Promise<void> {
    return this.call<void>(OPERATIONS["auth.logout"], { path: {  }, args: { ...args } }, options);
  }

  /** Who the caller is, and what it may do. Role: viewer. */
  me(options?: CallOptions): Promise<Me> {
    return this.call<Me>(OPERATIONS["auth.me"], { path: {  }, args: {} }, options);
  }

  /** The public keys that tokens of this swarm are signed with (RFC 7517). */
  jwks(options?: CallOptions): Promise<Jwks> {
    return this.call<Jwks>(OPERATIONS["auth.jwks"], { path: {  }, args: {} }, options);
  }

  /** List the users. Role: admin. */
  users(options?: CallOptions): Promise<UserList> {
    return this.call<UserList>(OPERATIONS["auth.users"], { path: {  }, args: {} }, options);
  }

  /** Create a user. Role: admin. */
  createUser(args: AuthCreateUserArgs, options?: CallOptions): Promise<User> {
    return this.call<User>(OPERATIONS["auth.create_user"], { path: {  }, args: { ...args } }, options);
  }

  /** Change a user's password, which ends its logins, or role, which counts at once. Role: admin. */
  updateUser(username: string, args: AuthUpdateUserArgs = {}, options?: CallOptions): Promise<User> {
    return this.call<User>(OPERATIONS["auth.update_user"], { path: { username }, args: { ...args } }, options);
  }

  /** Delete a user, whose tokens end with it. Role: admin. */
  deleteUser(username: string, options?: CallOptions): Promise<UserDeleted> {
    return this.call<UserDeleted>(OPERATIONS["auth.delete_user"], { path: { username }, args: {} }, options);
  }

  /** List the API keys, without what they are. Role: admin. */
  keys(options?: CallOptions): Promise<ApiKeyList> {
    return this.call<ApiKeyList>(OPERATIONS["auth.keys"], { path: {  }, args: {} }, options);
  }

  /** Create an API key, which only this answer shows. Role: admin. */
  createKey(args: AuthCreateKeyArgs, options?: CallOptions): Promise<ApiKeyCreated> {
    return this.call<ApiKeyCreated>(OPERATIONS["auth.create_key"], { path: {  }, args: { ...args } }, options);
  }

  /** Delete an API key, which counts no more from then on. Role: admin. */
  deleteKey(name: string, options?: CallOptions): Promise<ApiKeyDeleted> {
    return this.call<ApiKeyDeleted>(OPERATIONS["auth.delete_key"], { path: { name }, args: {} }, options);
  }
}

export class NodesGroup extends Group {
  /** List all nodes in the swarm. Role: viewer. */
  list(args: NodesListArgs = {}, options?: CallOptions): Promise<NodeList> {
    return this.call<NodeList>(OPERATIONS["nodes.list"], { path: {  }, args: { ...args } }, options);
  }

  /** As `list`, page after page. */
  pages(args: NodesListArgs = {}, options?: CallOptions): AsyncGenerator<NodeList> {
    return this.paged(async (cursor: string | undefined) => this.list({ ...args, ...(cursor === undefined ? {} : { cursor }) }, options), (page) => page.next_cursor);
  }

  /** As `list`, one after the other, over all pages. */
  async *iterate(args: NodesListArgs = {}, options?: CallOptions): AsyncGenerator<Node> {
    for await (const page of this.pages(args, options)) yield* page.nodes;
  }

  /** Create a new swarm node on this host; answers once it answers its health check. Role: admin. */
  create(args: NodesCreateArgs = {}, options?: CallOptions): Promise<NodeCreated> {
    return this.call<NodeCreated>(OPERATIONS["nodes.create"], { path: {  }, args: { ...args } }, options);
  }

  /** Detailed node information, by peer id or by a name that only one node has. Role: viewer. */
  get(node_id: string, options?: CallOptions): Promise<NodeDetail> {
    return this.call<NodeDetail>(OPERATIONS["nodes.get"], { path: { node_id }, args: {} }, options);
  }

  /** Remove node from swarm; answers once the swarm has committed it. Role: admin. */
  remove(node_id: string, args: NodesRemoveArgs = {}, options?: CallOptions): Promise<NodeRemoved> {
    return this.call<NodeRemoved>(OPERATIONS["nodes.remove"], { path: { node_id }, args: { ...args } }, options);
  }

  /** Let a removed node join again; answers once the swarm has committed it. Role: admin. */
  readmit(node_id: string, options?: CallOptions): Promise<NodeReadmitted> {
    return this.call<NodeReadmitted>(OPERATIONS["nodes.readmit"], { path: { node_id }, args: {} }, options);
  }
}

export class TrainingGroup extends Group {
  /** Start a distributed training session, or queue it; answers once the swarm has committed it. Role: operator. */
  start(args: TrainingStartArgs, options?: CallOptions): Promise<TrainingStatus> {
    return this.call<TrainingStatus>(OPERATIONS["training.start"], { path: {  }, args: { ...args } }, options);
  }

  /** A training session: the one that is named, else the running one, else the last one. Role: viewer. */
  status(args: TrainingStatusArgs = {}, options?: CallOptions): Promise<TrainingStatus> {
    return this.call<TrainingStatus>(OPERATIONS["training.status"], { path: {  }, args: { ...args } }, options);
  }

  /** Stop the current training session, or one that waits; its last version stays. Role: operator. */
  stop(args: TrainingStopArgs = {}, options?: CallOptions): Promise<TrainingStatus> {
    return this.call<TrainingStatus>(OPERATIONS["training.stop"], { path: {  }, args: { ...args } }, options);
  }

  /** Pause the current training session: no version is committed until it is resumed. Role: operator. */
  pause(args: TrainingPauseArgs = {}, options?: CallOptions): Promise<TrainingStatus> {
    return this.call<TrainingStatus>(OPERATIONS["training.pause"], { path: {  }, args: { ...args } }, options);
  }

  /** Resume the paused training session, from its last version. Role: operator. */
  resume(args: TrainingResumeArgs = {}, options?: CallOptions): Promise<TrainingStatus> {
    return this.call<TrainingStatus>(OPERATIONS["training.resume"], { path: {  }, args: { ...args } }, options);
  }

  /** The sessions that wait, run and have ended, newest first. Role: viewer. */
  sessions(args: TrainingSessionsArgs = {}, options?: CallOptions): Promise<SessionList> {
    return this.call<SessionList>(OPERATIONS["training.sessions"], { path: {  }, args: { ...args } }, options);
  }

  /** As `sessions`, page after page. */
  sessionsPages(args: TrainingSessionsArgs = {}, options?: CallOptions): AsyncGenerator<SessionList> {
    return this.paged(async (cursor: string | undefined) => this.sessions({ ...args, ...(cursor === undefined ? {} : { cursor }) }, options), (page) => page.next_cursor);
  }

  /** As `sessions`, one after the other, over all pages. */
  async *sessionsIterate(args: TrainingSessionsArgs = {}, options?: CallOptions): AsyncGenerator<SessionSummary> {
    for await (const page of this.sessionsPages(args, options)) yield* page.sessions;
  }
}

export class ModelsGroup extends Group {
  /** List the models: the last version of every session, then what was saved and uploaded. Role: viewer. */
  list(args: ModelsListArgs = {}, options?: CallOptions): Promise<ModelList> {
    return this.call<ModelList>(OPERATIONS["models.list"], { path: {  }, args: { ...args } }, options);
  }

  /** As `list`, page after page. */
  pages(args: ModelsListArgs = {}, options?: CallOptions): AsyncGenerator<ModelList> {
    return this.paged(async (cursor: string | null | undefined) => this.list({ ...args, ...(cursor === undefined ? {} : { cursor }) }, options), (page) => page.next_cursor);
  }

  /** As `list`, one after the other, over all pages. */
  async *iterate(args: ModelsListArgs = {}, options?: CallOptions): AsyncGenerator<Model> {
    for await (const page of this.pages(args, options)) yield* page.models;
  }

  /** Save a version under a name, so that it stays when newer ones push it out. Role: operator. */
  save(args: ModelsSaveArgs = {}, options?: CallOptions): Promise<Model> {
    return this.call<Model>(OPERATIONS["models.save"], { path: {  }, args: { ...args } }, options);
  }

  /** Begin a new session with a saved or uploaded model, by a decision of the swarm. Role: operator. */
  load(args: ModelsLoadArgs, options?: CallOptions): Promise<ModelLoaded> {
    return this.call<ModelLoaded>(OPERATIONS["models.load"], { path: {  }, args: { ...args } }, options);
  }

  /** Upload a checkpoint (tar), or the weights alone (.safetensors). Role: operator. */
  upload(source: UploadSource, args: ModelsUploadArgs = {}, options?: CallOptions): Promise<Model> {
    return this.call<Model>(OPERATIONS["models.upload"], { path: {  }, args: { ...args }, source }, options);
  }

  /** One model. Role: viewer. */
  get(model_id: string, options?: CallOptions): Promise<Model> {
    return this.call<Model>(OPERATIONS["models.get"], { path: { model_id }, args: {} }, options);
  }

  /** Delete a saved or uploaded model. Role: admin. */
  delete(model_id: string, options?: CallOptions): Promise<ModelDeleted> {
    return this.call<ModelDeleted>(OPERATIONS["models.delete"], { path: { model_id }, args: {} }, options);
  }

  /** The certificates behind a model: every version from height 0 on, and who signed it. Role: viewer. */
  lineage(model_id: string, args: ModelsLineageArgs = {}, options?: CallOptions): Promise<Lineage> {
    return this.call<Lineage>(OPERATIONS["models.lineage"], { path: { model_id }, args: { ...args } }, options);
  }

  /** As `lineage`, page after page. */
  lineagePages(model_id: string, args: ModelsLineageArgs = {}, options?: CallOptions): AsyncGenerator<Lineage> {
    return this.paged(async (cursor: string | null | undefined) => this.lineage(model_id, { ...args, ...(cursor === undefined ? {} : { cursor }) }, options), (page) => page.next_cursor);
  }

  /** As `lineage`, one after the other, over all pages. */
  async *lineageIterate(model_id: string, args: ModelsLineageArgs = {}, options?: CallOptions): AsyncGenerator<Certificate> {
    for await (const page of this.lineagePages(model_id, args, options)) yield* page.certificates;
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

  /** Trigger peer discovery, and say what it found. Role: operator. */
  discover(args: NetworkDiscoverArgs = {}, options?: CallOptions): Promise<Discovery> {
    return this.call<Discovery>(OPERATIONS["network.discover"], { path: {  }, args: { ...args } }, options);
  }
}

export class AuditGroup extends Group {
  /** Who changed what through this node, and who was refused, latest first. Role: admin. */
  list(args: AuditListArgs = {}, options?: CallOptions): Promise<Audit> {
    return this.call<Audit>(OPERATIONS["audit.list"], { path: {  }, args: { ...args } }, options);
  }

  /** As `list`, page after page. */
  pages(args: AuditListArgs = {}, options?: CallOptions): AsyncGenerator<Audit> {
    return this.paged(async (cursor: string | undefined) => this.list({ ...args, ...(cursor === undefined ? {} : { cursor }) }, options), (page) => page.next_cursor);
  }

  /** As `list`, one after the other, over all pages. */
  async *iterate(args: AuditListArgs = {}, options?: CallOptions): AsyncGenerator<AuditEntry> {
    for await (const page of this.pages(args, options)) yield* page.entries;
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
  readonly auth: AuthGroup;
  readonly nodes: NodesGroup;
  readonly training: TrainingGroup;
  readonly models: ModelsGroup;
  readonly consensus: ConsensusGroup;
  readonly settings: SettingsGroup;
  readonly network: NetworkGroup;
  readonly audit: AuditGroup;
  readonly docs: DocsGroup;

  constructor(transport: Transport) {
    this.health = new HealthGroup(transport);
    this.auth = new AuthGroup(transport);
    this.nodes = new NodesGroup(transport);
    this.training = new TrainingGroup(transport);
    this.models = new ModelsGroup(transport);
    this.consensus = new ConsensusGroup(transport);
    this.settings = new SettingsGroup(transport);
    this.network = new NetworkGroup(transport);
    this.audit = new AuditGroup(transport);
    this.docs = new DocsGroup(transport);
  }
}
