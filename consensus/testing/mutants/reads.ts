/** Mutants of linearizable reads, by a round of heartbeats or by lease. */
import type { Mutant } from "./mutant.js";

const file = "election.js";
const caughtBy = ["linearizable reads"];

export const READ_MUTANTS: readonly Mutant[] = [
  {
    name: "read-without-round",
    what: "a leader answers reads without asking whether it still leads",
    file: "reading.js",
    find: "        s.reads.add(from, id, s.log.commitIndex);",
    replace: "        answer(s, from, id, s.log.commitIndex);",
    caughtBy,
    withinSeeds: 100,
  },
  {
    name: "read-before-own-commit",
    what: "a new leader answers reads before it knows what is committed",
    file: "reading.js",
    find: "return s.log.term(s.log.commitIndex) === s.term;",
    replace: "return true;",
    caughtBy,
    withinSeeds: 30,
  },
  {
    name: "any-answer-confirms",
    what: "the answer to any heartbeat, however old, confirms the reads that wait",
    file: "replication.js",
    find: `    if (m.read > progress.read) {
        progress.read = m.read;`,
    replace: `    if (true) {
        progress.read = s.reads.round;`,
    caughtBy,
    withinSeeds: 3000,
  },
  {
    name: "lease-without-check-quorum",
    what: "voters grant votes while a leader relies on its lease",
    file,
    find: 's.options.reads === "lease" && s.log.lastIndex > 0 && s.now < s.silentUntil;',
    replace: "false;",
    andAlso: {
      file,
      find: "(s.leader !== null && s.electionElapsed < electionTicks);",
      replace: "false;",
    },
    caughtBy,
    withinSeeds: 1000,
  },
  {
    name: "lease-from-reception",
    what: "the lease counts from when an answer came, not from when the question was sent",
    file: "replication.js",
    find: "progress.heardTick = Math.max(progress.heardTick, m.tick);",
    replace: "progress.heardTick = s.now;",
    caughtBy,
    withinSeeds: 3000,
  },
  {
    name: "lease-after-transfer",
    what: "a leader relies on its lease though it has told another to campaign",
    file: "replication.js",
    find: "    s.leaseGivenUp = true;\n",
    replace: "",
    caughtBy,
    withinSeeds: 300,
  },
  {
    name: "lease-forgotten-by-restart",
    what: "a voter that was restarted votes at once, though it may have promised silence before",
    file: "state.js",
    find: "this.silentUntil = options.electionTicks;",
    replace: "this.silentUntil = 0;",
    caughtBy,
    withinSeeds: 2000,
  },
  {
    name: "reads-without-bound",
    what: "reads wait for a majority without end",
    file: "reads.js",
    find: "return this.size >= this.max;",
    replace: "return false;",
    caughtBy: ["bounded queues"],
    withinSeeds: 100,
  },
];
