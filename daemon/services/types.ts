/**
 * What the doors may ask of a node, and what they get: HTTP, the command line and later doors speak to these
 * interfaces only. Views are in snake_case because they are the HTTP contract; a number that is not known is null.
 *
 * Every method that returns a promise may reject with a `ServiceError`; nothing else is part of the contract.
 */
import type { Hash } from "../../protocol/types.js";
import type { TrainingRequest } from "../../training/plan/index.js";
import type { AuditService } from "./audit.js";
import type { ModelDownload } from "./download.js";
import type { SettingsService } from "./settings.js";
import type { ApprovalsView, CastVoteView } from "./views/approvals.js";
import type { ConsensusStatusView, HistoryView } from "./views/consensus.js";
import type { HealthView, LiveView, ReadyView } from "./views/health.js";
import type { ModelListView } from "./views/models.js";
import type { NetworkMetricsView, TopologyView } from "./views/network.js";
import type { NodeDetailView, NodeListView, NodeRemovedView } from "./views/nodes.js";
import type { TrainingStatusView } from "./views/training.js";

export interface NodesService {
  list(): NodeListView;
  /** By peer id, or by name where one node alone has it. @throws ServiceError NODE_NOT_FOUND */
  get(id: string): NodeDetailView;
  /**
   * Takes a node out of the swarm and resolves once that is committed. One that still runs asks to join again.
   * @param id as in `get`
   * @throws ServiceError NODE_NOT_FOUND, INVALID_REQUEST, NOT_READY, CONSENSUS_FAILED when those that remain could not
   * decide anything, NETWORK_PARTITION
   */
  remove(id: string): Promise<NodeRemovedView>;
}

export interface TrainingService {
  /**
   * Creates a session and resolves once the swarm has committed it.
   * @throws ServiceError TRAINING_IN_PROGRESS, DATASET_UNKNOWN, DATASET_UNUSABLE, INVALID_REQUEST, NODE_NOT_FOUND,
   * NETWORK_PARTITION, CONSENSUS_FAILED, NOT_READY
   */
  start(request: TrainingRequest): Promise<TrainingStatusView>;
  /** The running session, else the last one, else `idle`. */
  status(): TrainingStatusView;
  /** @throws ServiceError TRAINING_NOT_RUNNING, NETWORK_PARTITION, CONSENSUS_FAILED */
  stop(): Promise<TrainingStatusView>;
}

export interface ModelsService {
  list(): ModelListView;
  /**
   * A checkpoint as a tar stream.
   * @param id a session id, for its last version, or `session@height`
   * @throws ServiceError MODEL_NOT_FOUND, MODEL_CORRUPT
   */
  download(id: string): Promise<ModelDownload>;
}

export interface HistoryQuery {
  readonly limit: number;
  /** Only entries with a log index below this one; null: from the latest on. */
  readonly before: number | null;
}

export interface VoteByHand {
  readonly vote: "approve" | "reject";
  readonly version: Hash;
  readonly reason: string | null;
}

export interface ConsensusService {
  status(): ConsensusStatusView;
  /** Latest first. */
  history(query: HistoryQuery): HistoryView;
  /** This node's votes on the versions of the open round. */
  approvals(): ApprovalsView;
  /**
   * The vote of this node's operator; resolves once an approval is durable and signed.
   * @throws ServiceError NOT_READY, VOTE_NOT_OPEN, VERSION_DIFFERS
   */
  vote(request: VoteByHand): Promise<CastVoteView>;
}

export interface NetworkService {
  topology(): TopologyView;
  metrics(): NetworkMetricsView;
}

export interface HealthService {
  /** The process answers. */
  live(): LiveView;
  /** The node can do its work; every check says for itself whether and why not. */
  ready(): ReadyView;
  health(): HealthView;
}

export interface SwarmServices {
  readonly nodes: NodesService;
  readonly training: TrainingService;
  readonly models: ModelsService;
  readonly consensus: ConsensusService;
  readonly settings: SettingsService;
  readonly network: NetworkService;
  readonly health: HealthService;
  readonly audit: AuditService;
}
