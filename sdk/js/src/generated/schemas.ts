// Generated from the declarations of the node's routes (npm run fix:docs). Do not edit.

/** A key for a machine; the key itself is never shown again. */
export interface ApiKey {
  readonly name: string;
  readonly role: "viewer" | "operator" | "admin";
  readonly created_at: string;
  readonly expires_at: string | null;
}

/** A new key for a machine. */
export interface ApiKeyCreated {
  readonly name: string;
  readonly role: "viewer" | "operator" | "admin";
  readonly created_at: string;
  readonly expires_at: string | null;
  /** Shown this once. Sent as `Authorization: Bearer …` or `X-API-Key`. */
  readonly key: string;
}

/** An API key that is no more. */
export interface ApiKeyDeleted {
  readonly name: string;
  readonly status: "deleted";
}

/** All API keys, by name. */
export interface ApiKeyList {
  readonly keys: readonly ApiKey[];
  readonly total: number;
  readonly next_cursor: null;
}

/** This node's votes on the versions of the open round. */
export interface Approvals {
  readonly approval: "auto" | "manual" | null;
  readonly timeout_seconds: number | null;
  /** Versions that wait for this node's operator. */
  readonly pending: number;
  /** Every version that was proposed in the open round and that this node was asked about, oldest first. */
  readonly votes: readonly VersionVote[];
}

/** Who changed what through the answering node, latest first. */
export interface Audit {
  readonly entries: readonly AuditEntry[];
  /** Records that are kept, whatever was asked for. */
  readonly total: number;
  readonly next_cursor: string | null;
}

/** One call that changed something, or was refused. */
export interface AuditEntry {
  /** When it was answered, by this node's clock. */
  readonly at: string;
  /** Who: `user:ada`, `key:ci`, `address:10.0.0.5`; `node` for what the log says of itself. */
  readonly caller: string;
  /** The role that counted; null: none. */
  readonly role: string | null;
  /** The route's id, such as `training.start`; `audit.…` for what the log says of itself. */
  readonly action: string;
  readonly method: string;
  /** Without its query. */
  readonly path: string;
  /** IP address of the client. */
  readonly address: string;
  /** `ok`, or the name of the error. */
  readonly outcome: string;
  /** HTTP status of the answer; null: there was none. */
  readonly status: number | null;
  readonly request_id: string;
  /** Which thing it was about: the path's values, and a few fields of the body. Never a secret. */
  readonly details?: { readonly [name: string]: string | number | boolean };
  /** Counts up by one. */
  readonly seq: number;
  /** SHA-256 over this record without this field. */
  readonly hash: string;
  /** The hash of the record before; zeros for the first. */
  readonly previous: string;
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

/** The signatures of a majority under one version. */
export interface Certificate {
  /** Of the decision; the `parent` of the next one. */
  readonly digest: string;
  readonly session_id: string;
  readonly height: number;
  readonly round: number;
  readonly term: number;
  /** Of the version that was decided. */
  readonly model_hash: string;
  readonly bytes: number;
  /** The version that the updates start from; null at height 0. */
  readonly base: string | null;
  /** The decision before; null at height 0. */
  readonly parent: string | null;
  readonly updates: readonly {
    readonly peer: string;
    readonly manifest: string;
    readonly payload: string;
    readonly steps: number;
    readonly samples: number;
    readonly loss: number | null;
  }[];
  readonly rejected: readonly {
    readonly peer: string;
    readonly reason: string;
  }[];
  /** Who could sign. */
  readonly committee: readonly string[];
  readonly votes: readonly {
    readonly peer: string;
    /** Ed25519 over the decision (docs/PROTOCOL.md), in Base64. */
    readonly signature: string;
  }[];
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

/** What one look around has found. */
export interface Discovery {
  readonly peers_before: number;
  readonly peers_after: number;
  readonly found: readonly {
    readonly id: string;
    readonly name: string;
    readonly address: string | null;
    /** How it was found; `known`: from the address book, `inbound`: it called first. */
    readonly via: "bootstrap" | "mdns" | "gossip" | "known" | "inbound";
  }[];
  /** Known peers whose dialing came to an end. */
  readonly dialed: number;
  readonly failed: readonly {
    readonly id: string;
    readonly reason: string;
  }[];
  readonly duration_ms: number;
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

/** The public keys of the swarm's nodes (RFC 7517); empty where tokens are HS256. */
export interface Jwks {
  readonly keys: readonly {
    readonly kty: "RSA";
    readonly use: "sig";
    readonly alg: "RS256";
    /** RFC 7638 thumbprint. */
    readonly kid: string;
    readonly n: string;
    readonly e: string;
  }[];
}

/** The certificates behind a model, from height 0 on. */
export interface Lineage {
  readonly certificates: readonly Certificate[];
  readonly total: number;
  readonly next_cursor: string | null;
}

/** The process answers. */
export interface Live {
  readonly status: "ok";
  readonly uptime_seconds: number;
}

/** A token, and how to get the next one. */
export interface Login {
  /** Sent as `Authorization: Bearer …`. */
  readonly token: string;
  readonly token_type: "Bearer";
  readonly expires_at: string;
  /** Seconds. */
  readonly expires_in: number;
  /** Good for one call of /api/v1/auth/refresh. */
  readonly refresh_token: string;
  readonly refresh_expires_at: string;
  readonly role: "viewer" | "operator" | "admin";
  readonly username: string;
}

/** Who asks. */
export interface Me {
  readonly kind: "anonymous" | "user" | "key";
  readonly name: string;
  readonly role: "viewer" | "operator" | "admin";
  /** When the credentials end; null: they do not. */
  readonly expires_at: string | null;
}

/** A version of a session, or a saved or uploaded model. */
export interface Model {
  /** Of the model, or of the session; `session@height` names an older version. */
  readonly id: string;
  readonly kind: "session" | "saved" | "uploaded";
  /** Of a saved or uploaded model; names it as its id does. */
  readonly name: string | null;
  readonly tags: { readonly [name: string]: string };
  /** The session that made it; null for an uploaded one. */
  readonly session_id: string | null;
  /** Of the session; null for a saved or uploaded model. */
  readonly status: "queued" | "initializing" | "running" | "paused" | "finishing" | "finished" | "stopped" | "failed" | null;
  readonly height: number;
  readonly model_hash: string;
  /** Weights and outer optimizer state. */
  readonly bytes: number;
  readonly type: string | null;
  readonly dataset: string | null;
  readonly loss: number | null;
  readonly validation: Evaluation | null;
  readonly created_at: string | null;
  /** Peer id of the node that was asked. */
  readonly created_by: string;
  readonly ended_at: string | null;
  /** Whether the answering node holds its bytes, so that it can be downloaded here. */
  readonly available: boolean;
  readonly download: string;
}

/** A stored model that is no more. */
export interface ModelDeleted {
  readonly model_id: string;
  readonly status: "deleted";
}

/** The sessions' models, newest session first, then the saved and uploaded ones, newest first. */
export interface ModelList {
  readonly models: readonly Model[];
  readonly total: number;
  readonly next_cursor: string | null;
}

/** The session that was started from a stored model. */
export interface ModelLoaded {
  readonly model_id: string;
  /** The session that begins with it. */
  readonly session_id: string;
  /** Of the version that has its values, in that session: 0. */
  readonly height: number;
  /** Of that version. Its file says height 0; the values are the model's. */
  readonly model_hash: string;
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
  readonly latency_histogram: {
    /** Cumulative, as in Prometheus; null: any. */
    readonly buckets: readonly {
      readonly at_most_ms: number | null;
      readonly count: number;
    }[];
    readonly count: number;
    readonly sum_ms: number;
  };
  readonly bytes: {
    readonly sent: number | null;
    readonly received: number | null;
  };
  /** What the streams carried, without multiplexing and encryption. */
  readonly protocols: readonly {
    readonly protocol: string;
    readonly bytes_sent: number;
    readonly bytes_received: number;
    /** Open now. */
    readonly streams_inbound: number;
    readonly streams_outbound: number;
  }[];
  /** Connected peers. */
  readonly peers: readonly {
    readonly id: string;
    /** gossipsub's: 0, or below when it sent what was invalid. */
    readonly score: number;
    readonly latency_ms: number | null;
  }[];
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
  /** `inactive`: a member that has been silent for longer than `training.dead_after`; `removed`: put out, and not listed unless asked for. */
  readonly status: "active" | "inactive" | "removed";
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

/** A node that was started on the answering node's host. */
export interface NodeCreated {
  /** Peer id. */
  readonly id: string;
  readonly name: string;
  /** `host:port` for other nodes. */
  readonly address: string | null;
  /** Where its API is, on this host. */
  readonly api_address: string;
  readonly pid: number;
  readonly data_dir: string;
  /** It answers its health check; it joins the swarm by itself. */
  readonly status: "running";
}

/** All that the answering node knows of a node. */
export interface NodeDetail {
  /** Peer id. */
  readonly id: string;
  readonly name: string | null;
  /** `host:port` that other nodes reach it at. */
  readonly address: string | null;
  /** `inactive`: a member that has been silent for longer than `training.dead_after`; `removed`: put out, and not listed unless asked for. */
  readonly status: "active" | "inactive" | "removed";
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
  readonly spawned: {
    readonly state: "starting" | "running" | "waiting" | "stopping" | "stopped" | "failed";
    readonly pid: number | null;
    readonly data_dir: string;
    readonly api_address: string | null;
    readonly restarts: number;
    /** Why it is not running. */
    readonly reason: string | null;
  } | null;
}

/** Members of the swarm and everybody else who was heard lately. */
export interface NodeList {
  readonly nodes: readonly Node[];
  /** Nodes that match, on all pages. */
  readonly total: number;
  /** Of these, active ones. */
  readonly active: number;
  /** Pass it as `cursor` for the next page; null: this was the last. */
  readonly next_cursor: string | null;
}

/** A node that may join again. */
export interface NodeReadmitted {
  readonly id: string;
  readonly name: string | null;
  readonly status: "readmitted";
}

/** A node that was taken out of the swarm. */
export interface NodeRemoved {
  readonly id: string;
  readonly name: string | null;
  /** `stopped`: it ran on the answering node's host. */
  readonly status: "removed" | "stopped";
}

/** Whether the node can do its work; every check says for itself. */
export interface Ready {
  readonly ready: boolean;
  readonly checks: { readonly [name: string]: Check };
}

/** Sessions, the one that was created last first. */
export interface SessionList {
  readonly sessions: readonly SessionSummary[];
  /** Of all that fit, on this page or not. */
  readonly total: number;
  /** Pass it as `cursor` for the next page; null: this was the last. */
  readonly next_cursor: string | null;
}

/** A session in short. */
export interface SessionSummary {
  readonly session_id: string;
  readonly status: "queued" | "initializing" | "running" | "paused" | "finishing" | "finished" | "stopped" | "failed";
  /** 1: it is next; null: it does not wait. */
  readonly queue_position: number | null;
  readonly dataset: string | null;
  readonly strategy: string | null;
  readonly model_type: string | null;
  /** Versions committed after the first; null: it has none yet. */
  readonly height: number | null;
  /** Versions after which it ends. */
  readonly rounds: number;
  /** Mean training loss of the last committed round, in nats. */
  readonly loss: number | null;
  readonly model_hash: string | null;
  readonly created_at: string | null;
  readonly created_by: string;
  readonly ended_at: string | null;
  /** Why it was stopped or paused, or has failed. */
  readonly reason: string | null;
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
  /** Peer id of the leader that it follows. */
  readonly leader: string | null;
  readonly nodes: readonly {
    readonly id: string;
    readonly name: string | null;
    readonly address: string | null;
    /** `inactive`: a member that has been silent for longer than `training.dead_after`; `removed`: put out, and not listed unless asked for. */
    readonly status: "active" | "inactive" | "removed";
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
  /** Whom the answering node exchanges whole gossip messages with, by topic. */
  readonly mesh: readonly {
    readonly topic: string;
    readonly peers: readonly string[];
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
  readonly status: "queued" | "initializing" | "running" | "paused" | "finishing" | "finished" | "stopped" | "failed" | "idle";
  /** 1: it is next; null: it does not wait. */
  readonly queue_position: number | null;
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
  /** Why it was stopped or paused, or has failed. */
  readonly reason: string | null;
}

/** A person who may log in. */
export interface User {
  readonly username: string;
  readonly role: "viewer" | "operator" | "admin";
  readonly created_at: string;
}

/** A user who is no more. */
export interface UserDeleted {
  readonly username: string;
  readonly status: "deleted";
}

/** All users, by name. */
export interface UserList {
  readonly users: readonly User[];
  readonly total: number;
  readonly next_cursor: null;
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
