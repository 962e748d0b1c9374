/** Who votes and who follows, and how one change makes the next configuration. */
import { z } from "zod";
import { fromBytes, toBytes } from "../encoding.js";
import { ConsensusError } from "../errors.js";
import { MAX_MEMBERS, MAX_PEER_ID_CHARS } from "./messages.js";
import type { ConfChange, Configuration } from "./types.js";

export const EMPTY_CONFIGURATION: Configuration = { voters: [], learners: [] };

const confChangeSchema = z.strictObject({
  kind: z.enum(["addVoter", "addLearner", "remove"]),
  peer: z.string().min(1).max(MAX_PEER_ID_CHARS),
});

export function encodeConfChange(change: ConfChange): Uint8Array {
  return toBytes({ kind: change.kind, peer: change.peer });
}

/** @throws ConsensusError `MESSAGE_MALFORMED` */
export function decodeConfChange(data: Uint8Array): ConfChange {
  return fromBytes(confChangeSchema, data, "membership change", 1024);
}

/**
 * Sorted and without doubles.
 * @throws ConsensusError `CONFIG_INVALID` when nobody votes, somebody stands in both lists, or there are too many
 */
export function normalizeConfiguration(configuration: Configuration): Configuration {
  const voters = [...new Set(configuration.voters)].sort();
  const learners = [...new Set(configuration.learners)].sort();
  const both = learners.find((peer) => voters.includes(peer));
  if (voters.length === 0) throw invalid("a swarm needs at least one voter", {});
  if (both !== undefined) throw invalid(`${both} cannot be a voter and a learner at once`, { peer: both });
  if (voters.length + learners.length > MAX_MEMBERS) {
    throw invalid(`at most ${MAX_MEMBERS} members`, { members: voters.length + learners.length });
  }
  return { voters, learners };
}

/** True when the change would leave everything as it is. */
export function isDone(configuration: Configuration, change: ConfChange): boolean {
  const votes = configuration.voters.includes(change.peer);
  const learns = configuration.learners.includes(change.peer);
  if (change.kind === "addVoter") return votes;
  return change.kind === "addLearner" ? learns : !votes && !learns;
}

/** Why a leader must not propose this change; null when it may. */
export function changeFault(configuration: Configuration, change: ConfChange): string | null {
  const { voters, learners } = configuration;
  const { kind, peer } = change;
  if (peer.length === 0 || peer.length > MAX_PEER_ID_CHARS) {
    return `a peer id has 1 to ${MAX_PEER_ID_CHARS} characters, this one has ${peer.length}`;
  }
  if (kind === "addLearner" && voters.includes(peer)) {
    return `${peer} votes already; remove it first to make it a learner`;
  }
  if (kind === "remove" && voters.length === 1 && voters[0] === peer) {
    return `${peer} is the only voter; add another before it leaves`;
  }
  const grows = kind !== "remove" && !learners.includes(peer) && !voters.includes(peer);
  if (grows && voters.length + learners.length >= MAX_MEMBERS) return `at most ${MAX_MEMBERS} members`;
  return null;
}

/** Total: a change that does not fit leaves the configuration as it is, on every node alike. */
export function changeConfiguration(configuration: Configuration, change: ConfChange): Configuration {
  if (changeFault(configuration, change) !== null) return configuration;
  const voters = configuration.voters.filter((p) => p !== change.peer);
  const learners = configuration.learners.filter((p) => p !== change.peer);
  if (change.kind === "addVoter") voters.push(change.peer);
  if (change.kind === "addLearner") learners.push(change.peer);
  return { voters: voters.sort(), learners: learners.sort() };
}

export function majorityOf(voters: readonly string[]): number {
  return Math.floor(voters.length / 2) + 1;
}

function invalid(message: string, facts: Record<string, unknown>): ConsensusError {
  return new ConsensusError("CONFIG_INVALID", message, facts);
}
