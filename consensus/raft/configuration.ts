/** Configurations as the swarm knows them, and changes of them as bytes of an entry. */
import { z } from "zod";
import { fromBytes, toBytes } from "../encoding.js";
import { ConsensusError } from "../errors.js";
import { applyConfChange, membersOf } from "./confchange.js";
import { MAX_CHANGES, MAX_MEMBERS, MAX_PEER_ID_CHARS } from "./messages.js";
import type { ConfChange, Configuration, MemberChange } from "./types.js";

export const EMPTY_CONFIGURATION: Configuration = configurationOf([]);

/** Bytes of an encoded change; a longer one is malformed. */
const CHANGE_BYTES_MAX = 1024 + MAX_CHANGES * (MAX_PEER_ID_CHARS + 32);

const memberChangeSchema = z.strictObject({
  kind: z.enum(["addVoter", "addLearner", "remove"]),
  peer: z.string().min(1).max(MAX_PEER_ID_CHARS),
});

const confChangeSchema: z.ZodType<ConfChange> = z.union([
  z.strictObject({
    transition: z.enum(["auto", "implicit", "explicit"]),
    changes: z.array(memberChangeSchema).max(MAX_CHANGES),
  }),
  // As logs of before there was joint consensus have it.
  memberChangeSchema.transform((change): ConfChange => ({ transition: "auto", changes: [change] })),
]);

/** Without a change under way. The lists are taken as they are, see `normalizeConfiguration`. */
export function configurationOf(voters: readonly string[], learners: readonly string[] = []): Configuration {
  return { voters, learners, votersOutgoing: [], learnersNext: [], autoLeave: false };
}

export function encodeConfChange({ transition, changes }: ConfChange): Uint8Array {
  return toBytes({ transition, changes: changes.map(({ kind, peer }) => ({ kind, peer })) });
}

/** @throws ConsensusError `MESSAGE_MALFORMED` */
export function decodeConfChange(data: Uint8Array): ConfChange {
  return fromBytes(confChangeSchema, data, "membership change", CHANGE_BYTES_MAX);
}

/** One change by itself, or several together. */
export function confChange(changes: MemberChange | readonly MemberChange[]): ConfChange {
  return { transition: "auto", changes: "kind" in changes ? [changes] : changes };
}

/**
 * Sorted and without doubles, for a swarm that begins.
 * @throws ConsensusError `CONFIG_INVALID` when nobody votes, somebody stands in both lists, or there are too many
 */
export function normalizeConfiguration(
  configuration: Pick<Configuration, "voters" | "learners">,
): Configuration {
  const voters = [...new Set(configuration.voters)].sort();
  const learners = [...new Set(configuration.learners)].sort();
  const both = learners.find((peer) => voters.includes(peer));
  if (voters.length === 0) throw invalid("a swarm needs at least one voter", {});
  if (both !== undefined) throw invalid(`${both} cannot be a voter and a learner at once`, { peer: both });
  if (voters.length + learners.length > MAX_MEMBERS) {
    throw invalid(`at most ${MAX_MEMBERS} members`, { members: voters.length + learners.length });
  }
  return configurationOf(voters, learners);
}

/** True when the change would leave everything as it is. */
export function isDone(configuration: Configuration, { kind, peer }: MemberChange): boolean {
  const votes = configuration.voters.includes(peer);
  const learns = configuration.learners.includes(peer) || configuration.learnersNext.includes(peer);
  if (kind === "addVoter") return votes;
  if (kind === "addLearner") return learns;
  return !votes && !learns && !configuration.votersOutgoing.includes(peer);
}

/** Why a leader must not propose this change; null when it may. */
export function changeFault(configuration: Configuration, change: ConfChange): string | null {
  if (change.changes.length > MAX_CHANGES)
    return `${change.changes.length} changes at once, at most ${MAX_CHANGES} may be`;
  for (const { peer } of change.changes) {
    if (peer.length === 0 || peer.length > MAX_PEER_ID_CHARS)
      return `a peer id has 1 to ${MAX_PEER_ID_CHARS} characters, this one has ${peer.length}`;
  }
  const result = applyConfChange(configuration, change);
  if (result.fault !== null) return result.message;
  return membersOf(result.configuration).length > MAX_MEMBERS ? `at most ${MAX_MEMBERS} members` : null;
}

/** Total: a change that does not fit leaves the configuration as it is, on every node alike. */
export function changeConfiguration(configuration: Configuration, change: ConfChange): Configuration {
  if (changeFault(configuration, change) !== null) return configuration;
  return applyConfChange(configuration, change).configuration ?? configuration;
}

/** As the swarm is to be when a change that is under way is over. */
export function membersIn({ voters, learners, learnersNext }: Configuration): {
  readonly voters: readonly string[];
  readonly learners: readonly string[];
} {
  return { voters, learners: learnersNext.length === 0 ? learners : [...learners, ...learnersNext].sort() };
}

function invalid(message: string, facts: Record<string, unknown>): ConsensusError {
  return new ConsensusError("CONFIG_INVALID", message, facts);
}
