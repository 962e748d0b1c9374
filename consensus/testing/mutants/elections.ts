/** Mutants of elections, votes and the lease that they honor. */
import type { Mutant } from "./mutant.js";

const file = "election.js";

export const ELECTION_MUTANTS: readonly Mutant[] = [
  {
    name: "vote-twice",
    what: "a voter forgets its vote and votes again in the same term",
    file,
    find: "s.votedFor = m.from;",
    replace: "",
    caughtBy: ["promises"],
    withinSeeds: 10,
  },
  {
    name: "vote-for-anyone",
    what: "a voter that has voted in this term votes for whoever asks next",
    file,
    find: "const free = s.votedFor === m.from ||",
    replace: "const free = true ||",
    caughtBy: ["election safety"],
    withinSeeds: 10,
  },
  {
    name: "vote-for-old-log",
    what: "a vote goes to a log that is older than the voter's",
    file,
    find: "free && s.log.isUpToDate(m.lastIndex, m.lastTerm);",
    replace: "free;",
    caughtBy: ["leader completeness"],
    withinSeeds: 10,
  },
  {
    name: "own-vote-before-stored",
    what: "a candidate counts its own vote before it is on its disk",
    file,
    find: `        s.becomeCandidate();
        requestVotes(s, false);
        return;`,
    replace: `        s.becomeCandidate();
        requestVotes(s, false);
        count(s, s.id, true);
        return;`,
    caughtBy: ["election safety"],
    withinSeeds: 10,
  },
  {
    name: "win-before-own-vote-stored",
    what: "a candidate leads by the others' votes, before its own disk knows of the term",
    file,
    find: 'return s.role === "precandidate" || s.votes.has(s.id);',
    replace: "return true;",
    caughtBy: ["election safety"],
    withinSeeds: 100,
  },
  {
    name: "old-votes-counted",
    what: "votes of an earlier term count in the next",
    file: "state.js",
    find: `        this.drawTimeout();
        this.votes.clear();
        this.progress`,
    replace: `        this.drawTimeout();
        this.progress`,
    caughtBy: ["election safety"],
    withinSeeds: 10,
  },
  {
    name: "campaign-with-unapplied-change",
    what: "a voter campaigns although it has not applied a committed change of members",
    file,
    find: "!log.hasConfigBetween(Math.max(log.appliedIndex, s.configIndex), log.commitIndex)",
    replace: "true",
    caughtBy: ["membership safety", "leader completeness"],
    withinSeeds: 300,
  },
  {
    name: "election-by-new-half",
    what: "in a joint configuration the votes of the new half are enough",
    file: "quorum.js",
    find: "    const outgoing = resultOfHalf(config.votersOutgoing, vote);",
    replace: "    const outgoing = incoming;",
    caughtBy: ["election safety"],
    withinSeeds: 300,
  },
  {
    name: "election-by-old-half",
    what: "in a joint configuration the votes of the old half are enough",
    file: "quorum.js",
    find: "    const incoming = resultOfHalf(config.voters, vote);",
    replace:
      "    const incoming = resultOfHalf(config.votersOutgoing.length > 0 ? config.votersOutgoing : config.voters, vote);",
    caughtBy: ["election safety"],
    withinSeeds: 300,
  },
  {
    name: "newer-term-not-told",
    what: "a leader of an older term is not told of the newer one",
    file: "step.js",
    find: "if (speaksAsLeader(m)) {",
    replace: "if (false) {",
    caughtBy: ["liveness"],
    withinSeeds: 1000,
  },
];
