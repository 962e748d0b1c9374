/** Mutants of changes of members. */
import type { Mutant } from "./mutant.js";

const file = "membership.js";

export const MEMBERSHIP_MUTANTS: readonly Mutant[] = [
  {
    name: "two-changes-at-once",
    what: "a change of members is proposed while another is under way",
    file,
    find: "if (hasPendingConfig(s)) {",
    replace: "if (false) {",
    caughtBy: ["membership safety"],
    withinSeeds: 10,
  },
  {
    name: "leave-joint-at-once",
    what: "the end of a joint configuration is proposed before its beginning is committed",
    file,
    find: "    return appendChange(s, change);",
    replace: `    const entry = appendChange(s, change);
    if (change.changes.length > 1)
        appendChange(s, LEAVE);
    return entry;`,
    caughtBy: ["membership safety"],
    withinSeeds: 100,
  },
  {
    name: "several-votes-in-one-step",
    what: "several voters change in one step, without a joint configuration",
    file: "confchange.js",
    find: "if (differing(config.voters, next.voters) > 1)",
    replace: "if (false)",
    andAlso: {
      file: "confchange.js",
      find: 'return change.transition !== "auto" || change.changes.length > 1;',
      replace: 'return change.transition !== "auto";',
    },
    caughtBy: ["membership safety"],
    withinSeeds: 300,
  },
  {
    name: "joint-without-old-half",
    what: "entering a joint configuration forgets the voters of before",
    file: "confchange.js",
    find: "const next = changed({ ...config, votersOutgoing: config.voters, autoLeave }, changes);",
    replace: "const next = changed({ ...config, votersOutgoing: [] }, changes);",
    caughtBy: ["membership safety"],
    withinSeeds: 100,
  },
  {
    name: "snapshot-without-members",
    what: "a node that takes a snapshot keeps the configuration it had",
    file: "follower.js",
    find: "    s.configuration = snapshot.configuration;\n",
    replace: "",
    caughtBy: ["membership safety"],
    withinSeeds: 100,
  },
  {
    name: "change-before-own-commit",
    what: "a new leader changes the members before an entry of its own term is committed",
    file: "state.js",
    find: "this.pendingConfigIndex = noop.index;",
    replace: "void noop;",
    caughtBy: ["membership safety"],
    withinSeeds: 300,
  },
];
