/**
 * What the doors may ask of a node, and what they get: HTTP, the command line and later doors speak to these
 * interfaces only. Views are in snake_case because they are the HTTP contract; a number that is not known is null.
 *
 * Every method that returns a promise may reject with a `ServiceError`; nothing else is part of the contract.
 */
import type { Hash } from "../../protocol/types.js";
import type { TrainingRequest } from "../../training/plan/index.js";
import type { EventSink, Reader, ReaderOptions } from "../events/hub.js";
import type { Seat } from "../events/seats.js";
import type { AuditService } from "./audit.js";
import type { AuthService } from "./auth.js";
import type { ModelsService } from "./models.js";
import type { SettingsService } from "./settings.js";
import type { SpawnRequest } from "./spawned_port.js";
import type { ApprovalsView, CastVoteView } from "./views/approvals.js";
import type { ConsensusStatusView, DecisionType, HistoryView } from "./views/consensus.js";
import type { HealthView, LiveView, ReadyView } from "./views/health.js";
import type { DiscoveryView, NetworkMetricsView, TopologyView } from "./views/network.js";
import type {
  NodeCreatedView,
  NodeDetailView,
  NodeListView,
  NodeReadmittedView,
  NodeRemovedView,
} from "./views/nodes.js";
import type { NodeQuery } from "./views/nodes_page.js";
import type { SessionListView, SessionQuery } from "./views/sessions.js";
import type { TrainingStatusView } from "./views/training.js";

export interface NodesService {
  /** @throws ServiceError INVALID_REQUEST for a cursor that does not belong to the query */
  list(query?: NodeQuery): NodeListView;
  /**
   * Starts a node on this host; resolves once it answers its health check.
   * @throws ServiceError NODE_EXISTS, PORT_IN_USE, SPAWNED_NODES_FULL, NODE_START_FAILED
   */
  create(request: SpawnRequest): Promise<NodeCreatedView>;
  /** By peer id, or by name where one node alone has it. @throws ServiceError NODE_NOT_FOUND */
  get(id: string): NodeDetailView;
  /**
   * Takes a node out of the swarm and resolves once that is committed; it stays out until it is readmitted. One that was
   * started on this host is stopped instead, and may be started again.
   * @param id as in `get`
   * @param purge delete the data folder of one that was started here
   * @throws ServiceError NODE_NOT_FOUND, LAST_VOTER, REMOVED_FULL, INVALID_REQUEST, NOT_READY, CONSENSUS_FAILED when those that remain could not
   * decide anything, NETWORK_PARTITION
   */
  remove(id: string, purge?: boolean): Promise<NodeRemovedView>;
  /**
   * Lets a node that was put out join again; resolves once that is committed.
   * @throws ServiceError NODE_NOT_FOUND, NODE_NOT_REMOVED, INVALID_REQUEST, NOT_READY, CONSENSUS_FAILED,
   * NETWORK_PARTITION
   */
  readmit(id: string): Promise<NodeReadmittedView>;
}

export interface StartTraining {
  readonly request: TrainingRequest;
  /** Whether it may wait for the running session to end. */
  readonly queue: boolean;
  /** What the caller tells this start from others by; null: nothing. */
  readonly key: string | null;
}

export interface StartedTraining {
  readonly status: TrainingStatusView;
  /** The same request with the same key had started it before; nothing was done now. */
  readonly replayed: boolean;
}

/** Which session is meant, null: the current one; and why. */
export interface SessionOrder {
  readonly session: string | null;
  readonly reason: string | null;
}

/** All but `status` and `sessions` throw NOT_READY, NETWORK_PARTITION and CONSENSUS_FAILED too. */
export interface TrainingService {
  /**
   * Creates a session and resolves once the swarm has committed it.
   * @throws ServiceError TRAINING_IN_PROGRESS, TRAINING_QUEUE_FULL, IDEMPOTENCY_CONFLICT, DATASET_UNKNOWN,
   * DATASET_UNUSABLE, INVALID_REQUEST, NODE_NOT_FOUND
   */
  start(start: StartTraining): Promise<StartedTraining>;
  /** That session; null: the running session, else the last one, else `idle`. @throws ServiceError SESSION_NOT_FOUND */
  status(session: string | null): TrainingStatusView;
  /** Of the current session or of one that waits. @throws ServiceError TRAINING_NOT_RUNNING, SESSION_NOT_FOUND */
  stop(order: SessionOrder): Promise<TrainingStatusView>;
  /** No version is committed from then on. @throws ServiceError TRAINING_NOT_RUNNING, SESSION_NOT_FOUND */
  pause(order: SessionOrder): Promise<TrainingStatusView>;
  /** @throws ServiceError TRAINING_NOT_RUNNING, SESSION_NOT_FOUND */
  resume(session: string | null): Promise<TrainingStatusView>;
  /** Those that the swarm remembers, newest first. @throws ServiceError INVALID_REQUEST for a cursor of nobody's */
  sessions(query: SessionQuery): SessionListView;
}

export interface HistoryQuery {
  readonly limit: number;
  /** Only entries of these kinds; null: all. */
  readonly types: readonly DecisionType[] | null;
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
  metrics(): Promise<NetworkMetricsView>;
  /** Looks for peers now, for at most so long. */
  discover(timeoutMs: number): Promise<DiscoveryView>;
}

export interface HealthService {
  /** The process answers. */
  live(): LiveView;
  /** The node can do its work; every check says for itself whether and why not. */
  ready(): ReadyView;
  health(): HealthView;
}

export interface EventsService {
  /** Events are written to `sink` until the reader is closed, is too slow, or the node stops. */
  subscribe(sink: EventSink, options: ReaderOptions): Reader;
  /** A place among those who listen. @throws ServiceError TOO_MANY_STREAMS */
  seat(address: string): Seat;
  /** Ends every stream: the node stops. */
  stop(): void;
}

export interface SwarmServices {
  readonly auth: AuthService;
  readonly nodes: NodesService;
  readonly training: TrainingService;
  readonly models: ModelsService;
  readonly consensus: ConsensusService;
  readonly settings: SettingsService;
  readonly network: NetworkService;
  readonly health: HealthService;
  readonly audit: AuditService;
  readonly events: EventsService;
}
