/** Starting and stopping sessions: plan here, decide in the log. A node that does not lead hands the command on. */
import { randomBytes } from "node:crypto";
import { type ApplyOutcome, type Command, encodeCommand, isActive } from "../../consensus/control/index.js";
import { ConsensusError } from "../../consensus/errors.js";
import type { RaftNode } from "../../consensus/node/index.js";
import type { SwarmHost } from "../../protocol/index.js";
import { datasetOptionsOf, planSession, type TrainingRequest } from "../../training/plan/index.js";
import type { DataSpec, SessionSpec } from "../../training/session.js";
import { totalBatchesOf } from "../rounds/context.js";
import type { TrainerPort } from "../rounds/trainer_port.js";
import { ServiceError } from "../services/errors.js";
import type { ControlLog } from "../swarm/control_log.js";
import { proposeMethod } from "../swarm/methods.js";
import type { Presence } from "../swarm/presence.js";
import { serviceErrorOf } from "./errors.js";
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
  readonly raft: RaftNode;
  readonly control: ControlLog;
  readonly rpc: SwarmHost["rpc"];
  readonly presence: Presence;
  readonly trainer: TrainerPort | null;
  /** The swarm's, for a session that does not say; null: the software's. */
  readonly roundTimeoutMs: () => number | null;
}

export class Sessions {
  constructor(private readonly init: SessionsInit) {}

  /** @returns the session's id once it is committed and applied here */
  async start(request: TrainingRequest): Promise<string> {
    const data = await this.inspect(request);
    const spec = this.plan(request, data);
    const id = `training_${randomBytes(6).toString("hex")}`;
    await this.submit({
      v: 1,
      type: "session.create",
      id,
      spec,
      rounds: spec.rounds,
      batches: totalBatchesOf(spec),
      participants: [],
      by: this.init.self,
      atMs: Date.now(),
    });
    await this.until(() => this.init.control.state.session?.id === id);
    return id;
  }

  async stop(id: string, reason: string): Promise<void> {
    await this.submit({ v: 1, type: "session.stop", id, reason, atMs: Date.now() });
    await this.until(() => {
      const { session } = this.init.control.state;
      return session?.id !== id || !isActive(session);
    });
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
        { ...request, round_timeout },
        data,
        trainersOf(control.state, { nodes: request.nodes ?? null }, presence, self),
      );
    } catch (error) {
      throw serviceErrorOf(error);
    }
  }

  private async submit(command: Command): Promise<void> {
    const bytes = encoded(command);
    const untilMs = Date.now() + LEADER_MS;
    for (;;) {
      const { role, leader } = this.init.raft.status();
      try {
        if (role === "leader") return this.settle(await this.propose(bytes, this.init.self));
        if (leader !== null) {
          const { outcome } = await this.init.rpc.call(
            leader,
            proposeMethod,
            { v: 1, command: bytes },
            { timeoutMs: COMMIT_MS },
          );
          return this.settle(outcome);
        }
      } catch (error) {
        if (error instanceof ServiceError) throw error;
        // A dropped proposal may still be committed by the next leader; whether it was shows in the state.
        if (error instanceof ConsensusError && error.code === "TOO_LARGE") throw serviceErrorOf(error);
        if (Date.now() >= untilMs) throw serviceErrorOf(error);
      }
      if (Date.now() >= untilMs) {
        const message =
          "no leader is known: this node cannot reach a majority of the swarm's voters right now";
        throw new ServiceError("NETWORK_PARTITION", message);
      }
      await new Promise((resolve) => setTimeout(resolve, LEADER_POLL_MS));
    }
  }

  private settle(outcome: ProposalOutcome): void {
    if (outcome.kind === "applied") return;
    const { code, reason } = outcome;
    if (code === "SESSION_NOT_FOUND") throw new ServiceError("TRAINING_NOT_RUNNING", reason);
    if (code !== "TRAINING_IN_PROGRESS") throw new ServiceError("CONSENSUS_FAILED", reason, { cause: code });
    const { session } = this.init.control.state;
    throw new ServiceError(code, reason, isActive(session) ? { session_id: session.id } : {});
  }

  private async until(holds: () => boolean): Promise<void> {
    const untilMs = Date.now() + APPLY_MS;
    while (!holds() && Date.now() < untilMs) await new Promise((resolve) => setTimeout(resolve, 20));
    if (!holds())
      throw new ServiceError("CONSENSUS_FAILED", "it is committed, but this node has not caught up yet");
  }
}

/** @throws ServiceError INVALID_REQUEST for what no node would apply: a session with too large a vocabulary, say */
function encoded(command: Command): Uint8Array {
  try {
    return encodeCommand(command);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ServiceError("INVALID_REQUEST", `the session cannot be put into the log: ${reason}`);
  }
}
