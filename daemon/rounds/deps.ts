/** What the round parts take from the node, as narrow as they need it. */
import type { RaftNode } from "../../consensus/node/index.js";
import type { Approval } from "../../consensus/votes/index.js";
import type { Gossip, SwarmHost } from "../../protocol/index.js";
import type { Signer, Verify } from "../../protocol/types.js";
import type { AggregationWorker } from "../../training/aggregation/index.js";
import type { VoteSeen } from "../events/index.js";
import type { Logger } from "../logger.js";
import type { SwarmMetrics } from "../metrics/index.js";
import type { BlobStore } from "../store/index.js";
import type { KeyedLock } from "../store/keyed_lock.js";
import type { ControlLog } from "../swarm/control_log.js";
import type { Presence } from "../swarm/presence.js";
import type { TrainerPort } from "./trainer_port.js";
import type { Versions } from "./versions.js";
import type { VoteRecords } from "./vote_records.js";

export interface RoundDeps {
  readonly identity: Signer;
  readonly verify: Verify;
  readonly control: Pick<ControlLog, "state" | "onChange">;
  readonly raft: Pick<
    RaftNode,
    "status" | "onChange" | "propose" | "waitApplied" | "transferLeadership" | "abandonLeader"
  >;
  readonly presence: Presence;
  /** Null on a node that only votes and serves. */
  readonly trainer: TrainerPort | null;
  readonly aggregation: Pick<AggregationWorker, "run">;
  readonly blobs: Pick<
    BlobStore,
    "stat" | "put" | "putFile" | "read" | "pathOf" | "adopt" | "tempPath" | "tempDir"
  >;
  readonly exchange: Pick<SwarmHost["blobs"], "fetch">;
  readonly gossip: Pick<Gossip, "on" | "publish">;
  readonly rpc: Pick<SwarmHost["rpc"], "call">;
  readonly votes: VoteRecords;
  /** One ballot at a time: see `BALLOT`. */
  readonly ballots: KeyedLock;
  readonly versions: Pick<Versions, "ensure" | "committed">;
  readonly metrics: SwarmMetrics;
  readonly logger: Logger;
  readonly inlineUpdateMaxBytes: number;
  /** `manual`: this node signs no version before its operator has voted for it. */
  readonly approval: Approval;
  /** How long a version waits for the operator here, and as the leader for those of others. */
  readonly approvalTimeoutMs: number;
  readonly maxRefusedProposals: number;
  /** Told of every vote on a version that this node casts, or hears as the leader. */
  readonly voted?: (vote: VoteSeen) => void;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
}
