/**
 * Puts one command into the log, through the leader, at most once. It is handed on again only while it is certain that
 * nobody took it: a command that might have been taken twice would not be linearizable.
 */
import { ConsensusError } from "../../consensus/errors.js";
import type { RaftNode } from "../../consensus/node/index.js";
import { reasonOf } from "../../protocol/errors.js";
import { ProtocolError, RemoteError, type SwarmHost } from "../../protocol/index.js";
import { ServiceError } from "../services/errors.js";
import type { ProposalOutcome } from "../sessions/commands.js";
import { proposeMethod } from "../swarm/methods.js";

/** Until the leader's answer; past it, nobody knows whether the command commits. */
const COMMIT_MS = 10_000;
/** A leader may just be being elected: the command waits for one this long. */
export const LEADER_MS = 5000;
export const LEADER_POLL_MS = 100;
export const NO_LEADER =
  "no leader is known: this node cannot reach a majority of the swarm's voters right now";

export interface CommitParts {
  readonly self: string;
  readonly raft: Pick<RaftNode, "status">;
  readonly rpc: Pick<SwarmHost["rpc"], "call">;
  /** This node's own door as the leader. */
  readonly propose: (command: Uint8Array, from: string) => Promise<ProposalOutcome>;
}

/** @throws ServiceError NETWORK_PARTITION, CONSENSUS_FAILED; `details.committed` is "no" or "unknown" */
export async function commitOnce(parts: CommitParts, command: Uint8Array): Promise<ProposalOutcome> {
  const { self, raft, rpc, propose } = parts;
  const untilMs = Date.now() + LEADER_MS;
  for (;;) {
    const { role, leader } = raft.status();
    let reason = NO_LEADER;
    try {
      if (role === "leader") return await propose(command, self);
      if (leader !== null) {
        const request = { v: 1 as const, command };
        return (await rpc.call(leader, proposeMethod, request, { timeoutMs: COMMIT_MS })).outcome;
      }
    } catch (error) {
      reason = reasonOf(error);
      if (!certainlyNotTaken(error)) {
        const message = `${reason}; it may be committed or not: read the setting before you try again`;
        throw failed(parts, message, "unknown", error);
      }
    }
    if (Date.now() >= untilMs) throw failed(parts, reason, "no");
    await new Promise((resolve) => setTimeout(resolve, LEADER_POLL_MS));
  }
}

function failed(
  { raft }: Pick<CommitParts, "raft">,
  message: string,
  committed: "no" | "unknown",
  cause?: unknown,
): ServiceError {
  const name = raft.status().leader === null ? "NETWORK_PARTITION" : "CONSENSUS_FAILED";
  return new ServiceError(name, message, { committed }, { cause });
}

/** Codes with which a node refuses before it appends anything. */
const REFUSED_BEFORE = ["NOT_LEADER", "OVERLOADED", "TOO_LARGE"];
const REFUSED_BY_PEER = [...REFUSED_BEFORE, "NOT_READY", "NOT_MEMBER", "METHOD_UNKNOWN"];
/** Before a byte of the call has left this node. */
const NEVER_SENT = ["PEER_UNREACHABLE", "PEER_REFUSED", "DIAL_FAILED", "OVERLOADED"];

function certainlyNotTaken(error: unknown): boolean {
  if (error instanceof RemoteError) return REFUSED_BY_PEER.includes(error.code);
  if (error instanceof ProtocolError) return NEVER_SENT.includes(error.code);
  if (!(error instanceof ConsensusError)) return false;
  return REFUSED_BEFORE.includes(error.code) || error.facts.committed === "no";
}
