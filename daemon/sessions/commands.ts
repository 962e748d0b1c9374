/** Starting and stopping sessions: plan here, decide in the log. A node that does not lead hands the command on. */
import { randomBytes } from "node:crypto";
import {
  type ApplyOutcome,
  allSessions,
  type Command,
  encodeCommand,
  isActive,
  type SessionState,
  sessionOfKey,
} from "../../consensus/control/index.js";
import { ConsensusError } from "../../consensus/errors.js";
import type { RaftNode } from "../../consensus/node/index.js";
import { RemoteError, type SwarmHost } from "../../protocol/index.js";
import {
  datasetOptionsOf,
  type ModelDefaults,
  planSession,
  type TrainingRequest,
  withModelDefaults,
} from "../../training/plan/index.js";
import type { DataSpec, SessionSpec } from "../../training/session.js";
import { totalBatchesOf } from "../rounds/context.js";
import type { TrainerPort } from "../rounds/trainer_port.js";
import { ServiceError } from "../services/errors.js";
import type { StartedSession, StartOptions } from "../services/source.js";
import { keyConflict } from "../services/training.js";
import type { ControlLog } from "../swarm/control_log.js";
import { proposeMethod } from "../swarm/methods.js";
import type { Presence } from "../swarm/presence.js";
import { serviceErrorOf, undecidedErrorOf } from "./errors.js";
import { proposalFault } from "./proposals.js";
import { trainersOf } from "./trainers.js";

const COMMIT_MS = 10_000;
const APPLY_MS = 5000;
/** A leader may just be being elected: the command waits for one this long. */
const LEADER_MS = 5000;
const LEADER_POLL_MS = 100;

export type ProposalOutcome =
  | { readonly kind: "applied"; readonly revision?: number }
  | {
      readonly kind: "refused";
      readonly code: string;
      readonly reason: string;
      readonly revision?: number;
    };

export interface SessionsInit {
  readonly self: string;
  readonly raft: Pick<RaftNode, "status" | "propose">;
  readonly control: Pick<ControlLog, "state">;
  readonly rpc: Pick<SwarmHost["rpc"], "call">;
  readonly presence: Pick<Presence, "trainers">;
  readonly trainer: Pick<TrainerPort, "inspect"> | null;
  /** The swarm's, for a session that does not say; null: the software's. */
  readonly roundTimeoutMs: () => number | null;
  /** This node's, for a session that does not say. */
  readonly modelDefaults?: ModelDefaults;
}

export class Sessions {
  constructor(private readonly init: SessionsInit) {}

  /** Resolves once the session, or the one that its key stands for, is committed and applied here. */
  async start(request: TrainingRequest, { queue, key }: StartOptions): Promise<StartedSession> {
    const data = await this.inspect(request);
    const spec = this.plan(request, data);
    const id = `training_${randomBytes(6).toString("hex")}`;
    const made = () => this.sessionOf(id) ?? (key === null ? null : this.startedBy(key));
    await this.submit(
      {
        v: 1,
        type: "session.create",
        id,
        spec,
        rounds: spec.rounds,
        batches: totalBatchesOf(spec),
        participants: [],
        by: this.init.self,
        atMs: Date.now(),
        ...(queue ? { queue } : {}),
        ...(key === null ? {} : { key }),
      },
      () => made() !== null,
    );
    const session = made();
    return { id: session?.id ?? id, replayed: session !== null && session.id !== id };
  }

  async stop(id: string, reason: string): Promise<void> {
    await this.submit({ v: 1, type: "session.stop", id, reason, atMs: Date.now() }, () => {
      const session = this.sessionOf(id);
      return session === null || !(session.status === "queued" || isActive(session));
    });
  }

  async pause(id: string, reason: string | null): Promise<void> {
    await this.submit(
      { v: 1, type: "session.pause", id, reason, atMs: Date.now() },
      () => this.sessionOf(id)?.status === "paused",
    );
  }

  async resume(id: string): Promise<void> {
    await this.submit(
      { v: 1, type: "session.resume", id, atMs: Date.now() },
      () => this.sessionOf(id)?.status !== "paused",
    );
  }

  private sessionOf(id: string): SessionState | null {
    return allSessions(this.init.control.state).find((s) => s.id === id) ?? null;
  }

  private startedBy({ key, request }: NonNullable<StartOptions["key"]>): SessionState | null {
    const session = sessionOfKey(this.init.control.state, key);
    return session?.key?.request === request ? session : null;
  }

  /** Leader: puts a command of `from` into the log, if it may propose it. @throws ConsensusError `NOT_LEADER` */
  async propose(command: Uint8Array, from: string): Promise<ProposalOutcome> {
    const { raft, control } = this.init;
    // A node that does not lead may not know the newest members: the leader judges.
    const fault = raft.status().role === "leader" ? proposalFault(command, from, control.state) : null;
    if (fault !== null) return { kind: "refused", code: "PROPOSAL_REFUSED", reason: fault.slice(0, 4096) };
    const { result } = await raft.propose(command, COMMIT_MS);
    return result as ApplyOutcome;
  }

  private async inspect(request: TrainingRequest): Promise<DataSpec> {
    const { trainer } = this.init;
    if (trainer === null) {
      throw new ServiceError(
        "NOT_READY",
        "this node does not train (training.enabled is false): ask one that does",
      );
    }
    const { dataset, contextLength, tokenizer } = datasetOptionsOf(request);
    try {
      return await trainer.inspect(dataset, contextLength, tokenizer);
    } catch (error) {
      throw serviceErrorOf(error);
    }
  }

  private plan(request: TrainingRequest, data: DataSpec): SessionSpec {
    const { control, presence, self } = this.init;
    const round_timeout = request.round_timeout ?? this.init.roundTimeoutMs() ?? undefined;
    try {
      return planSession(
        { ...request, round_timeout, model: this.modelOf(request, data) },
        data,
        trainersOf(control.state, { nodes: request.nodes ?? null }, presence, self),
      );
    } catch (error) {
      throw serviceErrorOf(error);
    }
  }

  private modelOf({ model }: TrainingRequest, data: DataSpec): TrainingRequest["model"] {
    const { modelDefaults } = this.init;
    return modelDefaults === undefined ? model : withModelDefaults(model, data, modelDefaults);
  }

  /** Resolves once the command is committed and `done` holds here. @throws ServiceError */
  async submit(command: Command, done: () => boolean): Promise<void> {
    const bytes = encoded(command);
    const untilMs = Date.now() + LEADER_MS;
    let committed: "no" | "unknown" = "no";
    for (;;) {
      const { role, leader } = this.init.raft.status();
      try {
        const outcome = await this.handOut(bytes, role === "leader" ? this.init.self : leader);
        if (outcome !== null) return await this.settle(outcome, committed === "unknown", done);
      } catch (error) {
        if (error instanceof ServiceError) throw error;
        if (error instanceof ConsensusError && error.code === "TOO_LARGE") throw serviceErrorOf(error);
        // It may still be committed, by the next leader too; whether it was shows in the state.
        if (!isNotLeader(error)) committed = "unknown";
        if (Date.now() >= untilMs) throw undecidedErrorOf(error, this.init.raft.status().leader);
      }
      if (Date.now() >= untilMs)
        throw new ServiceError("NETWORK_PARTITION", "no leader can be reached", { committed });
      await new Promise((resolve) => setTimeout(resolve, LEADER_POLL_MS));
    }
  }

  /** @returns null when there is no leader to give it to */
  private async handOut(command: Uint8Array, leader: string | null): Promise<ProposalOutcome | null> {
    const { self, rpc } = this.init;
    if (leader === self) return this.propose(command, self);
    if (leader === null) return null;
    const { outcome } = await rpc.call(leader, proposeMethod, { v: 1, command }, { timeoutMs: COMMIT_MS });
    return outcome;
  }

  /** @param again the command was handed out before: its own first try may be why it is refused now */
  private async settle(outcome: ProposalOutcome, again: boolean, done: () => boolean): Promise<void> {
    if (outcome.kind === "applied") return this.until(done);
    if (again && (await this.holds(done))) return;
    const { code, reason } = outcome;
    if (code === "MODEL_EXISTS" || code === "MODEL_NOT_FOUND" || code === "MODELS_FULL")
      throw new ServiceError(code, reason);
    if (code === "SESSION_NOT_FOUND") throw new ServiceError("TRAINING_NOT_RUNNING", reason);
    if (code === "SESSION_QUEUE_FULL") throw new ServiceError("TRAINING_QUEUE_FULL", reason);
    if (code === "IDEMPOTENCY_CONFLICT") throw keyConflict(null);
    if (code !== "TRAINING_IN_PROGRESS") throw new ServiceError("CONSENSUS_FAILED", reason, { cause: code });
    const { session } = this.init.control.state;
    throw new ServiceError(code, reason, isActive(session) ? { session_id: session.id } : {});
  }

  private async until(done: () => boolean): Promise<void> {
    if (await this.holds(done)) return;
    throw new ServiceError("CONSENSUS_FAILED", "it is committed, but this node has not caught up yet");
  }

  private async holds(done: () => boolean): Promise<boolean> {
    const untilMs = Date.now() + APPLY_MS;
    while (!done() && Date.now() < untilMs) await new Promise((resolve) => setTimeout(resolve, 20));
    return done();
  }
}

/** The node that was asked knew before it did anything. */
function isNotLeader(error: unknown): boolean {
  return (error instanceof ConsensusError || error instanceof RemoteError) && error.code === "NOT_LEADER";
}

/** @throws ServiceError INVALID_REQUEST for what no node would apply: a session with too large a vocabulary, say */
function encoded(command: Command): Uint8Array {
  try {
    return encodeCommand(command);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ServiceError("INVALID_REQUEST", `it cannot be put into the log: ${reason}`);
  }
}
