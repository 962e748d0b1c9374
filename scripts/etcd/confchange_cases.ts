/**
 * Answers the cases of etcd's `confchange/testdata` with our changes of configuration. What etcd prints of a member's
 * progress (its state, match and next index) is only when the member came and whether it learns, so that is kept here.
 */
import {
  type ChangeResult,
  type ConfChangeFault,
  enterJoint,
  leaveJoint,
  membersOf,
  simple,
} from "../../consensus/raft/confchange.js";
import type { Configuration, MemberChange } from "../../consensus/raft/types.js";
import { type Case, valuesOf } from "./datadriven.js";
import { byNumber } from "./quorum_cases.js";

const KINDS: Record<string, MemberChange["kind"]> = { v: "addVoter", l: "addLearner", r: "remove" };
/** etcd's fourth kind changes nothing of a configuration; we have none such, so it is left out. */
const UPDATE = "u";

/** etcd's words for the same faults. A broken invariant must not occur at all. */
const FAULT_WORDS: Record<Exclude<ConfChangeFault, "INVARIANT_BROKEN">, string> = {
  ALREADY_JOINT: "config is already joint",
  JOINT_OF_NOBODY: "can't make a zero-voter config joint",
  NOT_JOINT: "can't leave a non-joint config",
  SIMPLE_IN_JOINT: "can't apply simple config change in joint config",
  NO_VOTER_LEFT: "removed all voters",
  SEVERAL_VOTERS: "more than one voter changed without entering joint config",
};

const EMPTY: Configuration = {
  voters: [],
  learners: [],
  votersOutgoing: [],
  learnersNext: [],
  autoLeave: false,
};

/** @throws RangeError for a token that is not `v`, `l`, `r` or `u` with a number */
export function parseChanges(text: string): MemberChange[] {
  const tokens = text.split(/\s+/).filter((token) => token !== "");
  return tokens.flatMap((token) => {
    const letter = token[0] as string;
    const kind = KINDS[letter];
    const id = token.slice(1);
    if ((kind === undefined && letter !== UPDATE) || !/^\d+$/.test(id))
      throw new RangeError(`"${token}" is no change like v1, l2, r3, u4`);
    // etcd's 0 and our empty peer both name nobody.
    return kind === undefined ? [] : [{ kind, peer: id === "0" ? "" : id }];
  });
}

/** @returns what answers the cases of one file, which share a configuration */
export function confChangeRunner(): (one: Case) => string {
  let config = EMPTY;
  /** The first index that each member would be sent. */
  const next = new Map<string, number>();
  let lastIndex = -1;
  return (one) => {
    lastIndex++;
    const result = change(config, one);
    if (result.configuration === null) {
      return result.fault === "INVARIANT_BROKEN" ? result.message : FAULT_WORDS[result.fault];
    }
    config = result.configuration;
    const members = membersOf(config);
    for (const id of [...next.keys()]) if (!members.includes(id)) next.delete(id);
    for (const id of members) if (!next.has(id)) next.set(id, Math.max(lastIndex, 1));
    return `${inWords(config)}\n${progress(config, next)}`;
  };
}

function change(config: Configuration, one: Case): ChangeResult {
  const changes = parseChanges(one.input);
  if (one.command === "simple") return simple(config, changes);
  if (one.command === "leave-joint" && changes.length === 0) return leaveJoint(config);
  if (one.command !== "enter-joint") throw new RangeError(`line ${one.line}: unknown command ${one.command}`);
  return enterJoint(config, valuesOf(one.args, "autoleave")[0] === "true", changes);
}

/** As etcd prints a configuration. */
export function inWords(config: Configuration): string {
  const list = (ids: readonly string[]): string => `(${[...ids].sort(byNumber).join(" ")})`;
  const { voters, votersOutgoing, learners, learnersNext, autoLeave } = config;
  const parts = [`voters=${list(voters)}${votersOutgoing.length > 0 ? `&&${list(votersOutgoing)}` : ""}`];
  if (learners.length > 0) parts.push(`learners=${list(learners)}`);
  if (learnersNext.length > 0) parts.push(`learners_next=${list(learnersNext)}`);
  if (autoLeave) parts.push("autoleave");
  return parts.join(" ");
}

function progress(config: Configuration, next: ReadonlyMap<string, number>): string {
  const rows = [...next].sort(([a], [b]) => byNumber(a, b));
  return rows
    .map(([id, index]) => {
      const learner = config.learners.includes(id) ? " learner" : "";
      return `${id}: StateProbe match=0 next=${index}${learner}\n`;
    })
    .join("");
}
