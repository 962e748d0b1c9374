import { z } from "zod";
import type { Hash } from "../../protocol/types.js";
import { duration, field, group, word } from "./field.js";

/** Each takes an operator's decision. */
const ACCEPTED_MAX = 16;

export const consensus = group(
  "consensus",
  "How the swarm is formed and how its voters agree. The defaults suit local and wide-area networks.",
  z.object({
    bootstrapExpect: field(z.number().int().min(0).max(64).default(0), {
      about:
        "Form the swarm once this many nodes that ask for the same number see each other; they are its first voters. 0: never form, only join. A node that already belongs to a swarm ignores it.",
      flag: "bootstrap-expect",
    }),
    form: field(z.boolean().default(false), {
      about:
        "Form a new swarm with this node alone as the first voter; the others then join it. With a swarm in sight it joins that one instead. Use it on one node, once; or on one founder when the founding waits for a node that is gone for good.",
      flag: "form",
    }),
    tickMs: field(duration("100ms", 10, 10_000), { about: "Raft's unit of time." }),
    electionTicks: field(z.number().int().min(3).max(1000).default(10), {
      about: "Ticks without a leader before an election; each node adds a random part of as much again.",
    }),
    heartbeatTicks: field(z.number().int().min(1).max(100).default(2), {
      about: "Ticks between two heartbeats of the leader.",
    }),
    reads: field(word(["safe", "lease"], "safe"), {
      about:
        "How a leader makes sure that it still leads before it answers a linearizable read. `safe`: it asks a majority, which costs a round trip. `lease`: it relies on a majority that answered within an election timeout, hence on clocks that run equally fast; the same on every voter.",
    }),
    leaseMarginTicks: field(z.number().int().min(0).max(1000).default(2), {
      about:
        "With `reads: lease`: ticks that clocks may drift apart in one election timeout. The lease is shorter by so much.",
    }),
    snapshotEveryEntries: field(z.number().int().min(16).max(1_000_000).default(1000), {
      about: "Entries applied between two snapshots of the log.",
    }),
    committeeSize: field(z.number().int().min(1).max(63).default(5), {
      about: "Voters that the leader aims for; every other node follows as a learner.",
      allowed: "an odd integer from 1 to 63",
    }),
    approval: field(word(["auto", "manual"], "auto"), {
      about:
        "How this node votes on versions. `auto`: it signs what it has recomputed to the same result. `manual`: such a version waits for the operator's vote (`consensus vote`); one that it computes differently is refused at once, whatever anybody votes. Each voter's own policy: for no version to pass unseen, a majority of the voters must be `manual`.",
    }),
    approvalTimeoutMs: field(duration("1h", 1000, 86_400_000), {
      about:
        "How long a version waits for this node's operator, and, while this node leads, for the operators of others. After that the vote is a refusal; a round that no majority has signed has failed, and the next one starts from the same version.",
    }),
    maxRefusedProposals: field(z.number().int().min(1).max(24).default(3), {
      about:
        "Proposals of one leader that may be refused in a row for what they are (recomputed to something else, or breaking the rules). Then it hands over, and if it does not, this node no longer follows it in this term.",
    }),
    acceptRecovery: field(
      z
        .array(z.custom<Hash>((v) => typeof v === "string" && /^sha256:[0-9a-f]{64}$/.test(v)))
        .max(ACCEPTED_MAX)
        .default([]),
      {
        about:
          "Recoveries by force (`consensus recover`) that this node may follow when it joins: what the lost voters had committed may be missing there. A node refuses a recovered swarm whose last recovery is not named.",
        flag: "accept-recovery",
        allowed: "sha256: and the 64 hex digits that the recovery printed",
      },
    ),
    committeeMaxLearners: field(z.number().int().min(2).max(1000).default(64), {
      about:
        "Learners that the leader takes in: they train, and are there to become voters. Nodes beyond follow by gossip, at no cost to the leader: they hold and serve every version, and contribute nothing until there is a place.",
    }),
    committeeStabilizationMs: field(duration("60s", 1000, 24 * 3_600_000), {
      about:
        "A voter that has been away this long without a break loses its vote to a learner that has caught up; back again, it follows as a learner. Whoever has been away must be there this long before it votes.",
    }),
  }),
);
