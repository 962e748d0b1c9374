// Generated from the declarations of the node's routes (npm run fix:docs). Do not edit.

/** This node's votes on the versions of the open round. */
export interface Approvals {
  readonly approval: "auto" | "manual" | null;
  readonly timeout_seconds: number | null;
  /** Versions that wait for this node's operator. */
  readonly pending: number;
  /** Every version that was proposed in the open round and that this node was asked about, oldest first. */
  readonly votes: readonly VersionVote[];
}

/** The vote that this node's operator has cast. */
export interface CastVote {
  readonly vote: "approve" | "reject";
  readonly model_hash: string;
  readonly session_id: string;
  readonly round: number;
  readonly height: number;
  readonly voter: string;
  /** Ed25519 over the decision, base64; null for a rejection. */
  readonly signature: string | null;
}

/** Whether one part of the node can do its work, and why not. */
export interface Check {
  readonly ok: boolean;
  readonly reason?: string;
}

/** A voter or a learner. */
export interface ConsensusMember {
  readonly id: string;
  readonly name: string | null;
  readonly alive: boolean;
}

/** Where this node's log stands, and who votes. */
export interface ConsensusStatus {
  readonly swarm_id: string;
  /** Hash of the swarm's genesis record: two swarms with one name differ in it. Null before the swarm is formed. */
  readonly formation: string | null;
  /** This node's part in it. */
  readonly role: "leader" | "follower" | "candidate" | "pre_candidate" | "learner" | "none";
  readonly term: number | null;
  readonly leader: string | null;
  readonly leader_name: string | null;
  readonly commit_index: number | null;
  readonly applied_index: number | null;
  readonly last_index: number | null;
  readonly snapshot_index: number | null;
  readonly quorum: {
    readonly voters: number;
    readonly needed: number;
    /** Voters that this node has heard lately, itself included. */
    readonly alive: number;
    readonly reachable: boolean;
  };
  readonly voters: readonly ConsensusMember[];
  readonly learners: readonly ConsensusMember[];
  readonly session_id: string | null;
  readonly round: number | null;
  readonly height: number | null;
  readonly model_hash: string | null;
  /** Entries ever put into the history. */
  readonly decisions: number;
}

/** One entry of the history. */
export interface Decision {
  readonly index: number;
  readonly term: number;
  readonly at: string | null;
  readonly type: "session" | "version" | "round_failed" | "refused" | "membership" | "committee" | "recovered";
  readonly session_id: string | null;
  readonly round: number | null;
  readonly height: number | null;
  readonly model_hash: string | null;
  readonly contributors: readonly string[];
  readonly rejected: readonly {
    readonly peer: string;
    readonly reason: string;
  }[];
  readonly signers: readonly string[];
  readonly reason: string | null;
}

/** Why a request failed. */
export interface Error {
  readonly error: {
    /** Stable number; 1001 to 1005 are the contract's. */
    readonly code: number;
    readonly name: string;
    /** For a person. */
    readonly message: string;
    /** For a program. */
    readonly details: { readonly [name: string]: unknown };
    /** Also in X-Request-Id and in the node's log. */
    readonly request_id: string;
  };
}

/** A validation that the swarm has merged. */
export interface Evaluation {
  readonly height: number;
  /** Mean loss over the validation batches, in nats. */
  readonly loss: number | null;
  readonly accuracy: number | null;
  readonly samples: number;
}

/** Who the answering node is, and whether it is ready. */
export interface Health {
  /** `degraded`: alive, but not ready. */
  readonly status: "ok" | "degraded";
  readonly ready: boolean;
  readonly peer_id: string;
  readonly name: string;
  readonly swarm_id: string;
  readonly version: string;
  readonly uptime_seconds: number;
}

/** What has been decided, latest first. */
export interface History {
  readonly decisions: readonly Decision[];
  /** Entries ever made; the latest of them are kept, the certificates of all versions always. */
  readonly total: number;
  readonly kept: number;
  /** Pass it as `before` for the next page; null: this was the last one. */
  readonly next_before: number | null;
}

/** Any JSON value. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [name: string]: JsonValue };

/** The process answers. */
export interface Live {
  readonly status: "ok";
  readonly uptime_seconds: number;
}

/** The latest version of a session. */
export interface Model {
  /** The session's id; `id@height` names an older version. */
  readonly id: string;
  readonly session_id: string;
  readonly status: "initializing" | "running" | "finishing" | "finished" | "stopped" | "failed";
  readonly height: number;
  readonly model_hash: string;
  /** Weights and outer optimizer state. */
  readonly bytes: number;
  readonly type: string | null;
  readonly dataset: string | null;
  readonly loss: number | null;
  readonly validation: Evaluation | null;
  readonly created_at: string | null;
  readonly ended_at: string | null;
  /** Whether the answering node holds its bytes, so that it can be downloaded here. */
  readonly available: boolean;
  readonly download: string;
}

/** The sessions' models, newest session first. */
export interface ModelList {
  readonly models: readonly Model[];
  readonly total: number;
}

/** `type` and the fields of that type, as in a request. */
export interface ModelSpec {
  readonly type: string;
  readonly [name: string]: unknown;
}

/** The answering node's traffic since its process started. */
export interface NetworkMetrics {
  readonly connections: {
    readonly total: number;
    readonly inbound: number;
    readonly outbound: number;
  };
  readonly peers_connected: number;
  readonly latency_ms: {
    readonly min: number | null;
    readonly median: number | null;
    readonly p95: number | null;
    readonly max: number | null;
    /** Connected peers that have been measured. */
    readonly peers: number;
  };
  readonly bytes: {
    readonly sent: number | null;
    readonly received: number | null;
  };
  readonly gossip: readonly {
    readonly topic: string;
    readonly accepted: number;
    readonly ignored: number;
    readonly rejected: number;
  }[];
  readonly blobs: {
    readonly bytes_fetched: number;
    readonly bytes_served: number;
    readonly corrupt_chunks: number;
  };
  readonly refused: { readonly [name: string]: number };
}

/** A node as the answering node knows it. */
export interface Node {
  /** Peer id. */
  readonly id: string;
  readonly name: string | null;
  /** `host:port` that other nodes reach it at. */
  readonly address: string | null;
  /** `inactive`: a member that has been silent for longer than `training.dead_after`. */
  readonly status: "active" | "inactive";
  /** `guest`: heard, but not (yet) a member. */
  readonly role: "leader" | "voter" | "learner" | "guest";
  readonly model_hash: string | null;
  readonly last_seen: string | null;
  readonly performance: {
    /** Samples a second as a fraction of the fastest active node's. */
    readonly training_speed: number | null;
    /** Resident memory of daemon and trainer as a fraction of the machine's. */
    readonly memory_usage: number | null;
    /** Round trip from the answering node, in milliseconds; null for itself. */
    readonly network_latency: number | null;
    readonly samples_per_second: number | null;
  };
}

/** All that the answering node knows of a node. */
export interface NodeDetail {
  /** Peer id. */
  readonly id: string;
  readonly name: string | null;
  /** `host:port` that other nodes reach it at. */
  readonly address: string | null;
  /** `inactive`: a member that has been silent for longer than `training.dead_after`. */
  readonly status: "active" | "inactive";
  /** `guest`: heard, but not (yet) a member. */
  readonly role: "leader" | "voter" | "learner" | "guest";
  readonly model_hash: string | null;
  readonly last_seen: string | null;
  readonly performance: {
    /** Samples a second as a fraction of the fastest active node's. */
    readonly training_speed: number | null;
    /** Resident memory of daemon and trainer as a fraction of the machine's. */
    readonly memory_usage: number | null;
    /** Round trip from the answering node, in milliseconds; null for itself. */
    readonly network_latency: number | null;
    readonly samples_per_second: number | null;
  };
  readonly self: boolean;
  readonly addresses: readonly string[];
  readonly version: string | null;
  readonly backend: string | null;
  readonly height: number | null;
  readonly joined_index: number | null;
  readonly memory: {
    readonly used_bytes: number | null;
    readonly total_bytes: number | null;
  };
  readonly training: {
    readonly session_id: string | null;
    readonly phase: string | null;
    readonly round: number | null;
    readonly steps: number | null;
    readonly can_train: boolean;
    readonly reason: string | null;
  } | null;
  readonly connections: readonly {
    readonly address: string;
    readonly direction: "inbound" | "outbound";
    readonly latency_ms: number | null;
    readonly since: string | null;
  }[];
}

/** Members of the swarm and everybody else who was heard lately. */
export interface NodeList {
  readonly nodes: readonly Node[];
  readonly total: number;
  readonly active: number;
}

/** A node that was taken out of the swarm. */
export interface NodeRemoved {
  readonly id: string;
  readonly name: string | null;
  readonly status: "removed";
}

/** Whether the node can do its work; every check says for itself. */
export interface Ready {
  readonly ready: boolean;
  readonly checks: { readonly [name: string]: Check };
}

/** One setting of the swarm. */
export interface Setting {
  readonly key: string;
  readonly value: JsonValue;
  /** Log index of the change that made it; also its ETag. */
  readonly revision: number;
  /** Peer id of the node that was asked to set it. */
  readonly updated_by: string;
  readonly updated_at: string | null;
}

/** A setting that is no more. */
export interface SettingDeleted {
  readonly key: string;
  readonly status: "deleted";
  readonly revision: number;
}

/** All settings of the swarm. */
export interface SettingList {
  /** Sorted by key. */
  readonly settings: readonly Setting[];
  readonly total: number;
  /** Of the last change of any of them, a deletion too; 0: there never was one. */
  readonly revision: number;
  /** The keys that mean something to this version, whether they are set or not. */
  readonly known: readonly {
    readonly key: string;
    readonly allowed: string;
    readonly about: string;
    readonly overrides: string;
  }[];
}

/** The nodes, and the answering node's own connections to them. */
export interface Topology {
  /** The answering node: every link begins here. */
  readonly self: string;
  readonly nodes: readonly {
    readonly id: string;
    readonly name: string | null;
    readonly address: string | null;
    /** `inactive`: a member that has been silent for longer than `training.dead_after`. */
    readonly status: "active" | "inactive";
    /** `guest`: heard, but not (yet) a member. */
    readonly role: "leader" | "voter" | "learner" | "guest";
    /** Whether the answering node has a connection to it. */
    readonly connected: boolean;
  }[];
  readonly links: readonly {
    readonly source: string;
    readonly target: string;
    readonly address: string;
    readonly direction: "inbound" | "outbound";
    readonly latency_ms: number | null;
    readonly since: string | null;
  }[];
}

/** A participant of a session. */
export interface TrainingNode {
  readonly id: string;
  readonly name: string | null;
  /** A trainer's phase, or `preparing`, `unable`, `unreachable`. */
  readonly status: string;
  /** Inner steps done in the open round as a fraction of the session's `inner_steps`, at most 1. */
  readonly batch_progress: number | null;
  /** Training loss of those steps, in nats. */
  readonly loss: number | null;
  readonly samples_per_second: number | null;
  readonly reason: string | null;
}

/** How far a session is. */
export interface TrainingProgress {
  /** Passes over the training split that are complete. */
  readonly epoch: number | null;
  /** Null when the session's rounds alone decide its end. */
  readonly total_epochs: number | null;
  /** Mean training loss of the last committed round, in nats. */
  readonly loss: number | null;
  /** Of the last validation; null for text. */
  readonly accuracy: number | null;
  readonly epochs_done: number | null;
  /** The open round, null when none is; failed rounds count. */
  readonly round: number | null;
  /** Versions committed after the first. */
  readonly height: number | null;
  /** Versions after which the session ends. */
  readonly rounds: number | null;
  readonly batches: number | null;
  readonly total_batches: number | null;
  readonly samples: number | null;
  /** Null for anything but text. */
  readonly tokens: number | null;
  readonly failures_in_a_row: number | null;
}

/** The running session, else the last one, else `idle`. */
export interface TrainingStatus {
  /** Null while nothing has been trained in this swarm. */
  readonly session_id: string | null;
  readonly status: "initializing" | "running" | "finishing" | "finished" | "stopped" | "failed" | "idle";
  readonly progress: TrainingProgress;
  readonly nodes: readonly TrainingNode[];
  readonly dataset: string | null;
  readonly strategy: string | null;
  readonly model: ModelSpec | null;
  readonly model_hash: string | null;
  readonly validation: {
    readonly first: Evaluation | null;
    readonly last: Evaluation | null;
  };
  /** Of all nodes that train now. */
  readonly samples_per_second: number | null;
  readonly warnings: readonly string[];
  readonly created_at: string | null;
  readonly created_by: string | null;
  readonly round_opened_at: string | null;
  readonly ended_at: string | null;
  /** Why it ended, when it was stopped or failed. */
  readonly reason: string | null;
}

/** This node's vote on one version of the open round. */
export interface VersionVote {
  readonly model_hash: string;
  readonly base_hash: string | null;
  readonly session_id: string;
  readonly round: number;
  readonly height: number;
  readonly term: number;
  readonly proposer: string;
  readonly proposer_name: string | null;
  readonly state: "recomputing" | "awaiting" | "recording" | "signed" | "refused";
  /** What this node computed itself; null: not known yet, or it could not. */
  readonly recomputed: "equal" | "different" | null;
  readonly reason: string | null;
  readonly contributors: readonly string[];
  readonly rejected: readonly {
    readonly peer: string;
    readonly reason: string;
  }[];
  readonly samples: number;
  /** Sample-weighted training loss of the counted updates, in nats; as their authors say. */
  readonly training_loss: number | null;
  /** On this node's slice of the validation data. */
  readonly validation: {
    readonly loss: number;
    readonly accuracy: number | null;
    readonly samples: number;
  } | null;
  /** The last validation that the swarm has merged, to compare with. */
  readonly last_validation: {
    readonly loss: number;
    readonly accuracy: number | null;
    readonly samples: number;
    readonly height: number;
  } | null;
  readonly asked_at: string | null;
  readonly expires_at: string | null;
}
