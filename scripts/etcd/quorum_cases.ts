/**
 * Answers the cases of etcd's `quorum/testdata` with our quorums: `committed` and `vote`, of one majority or of two.
 * Like etcd's own harness, it also computes each answer in other ways that must agree, and prints one that does not.
 */
import {
  committedIndex,
  type QuorumConfig,
  type VoteResult,
  voteResult,
} from "../../consensus/raft/quorum.js";
import { type Case, valuesOf } from "./datadriven.js";

/** No information of this voter; another thing than 0. */
const UNKNOWN = "_";
const VOTE_WORDS: Record<VoteResult, string> = { won: "VoteWon", lost: "VoteLost", pending: "VotePending" };

interface Asked {
  readonly config: QuorumConfig;
  readonly joint: boolean;
  /** As they appear, each once: given values belong to them in this order. */
  readonly ids: readonly string[];
}

export function runQuorumCase(one: Case): string {
  const outgoing = valuesOf(one.args, "cfgj");
  const joint = outgoing.length > 0;
  const voters = [...new Set(valuesOf(one.args, "cfg"))];
  const votersOutgoing = outgoing[0] === "zero" ? [] : [...new Set(outgoing)];
  const asked = {
    config: { voters, votersOutgoing },
    joint,
    ids: [...new Set([...voters, ...votersOutgoing])],
  };
  if (one.command === "committed") return committed(asked, valuesOf(one.args, "idx"));
  if (one.command === "vote") return vote(asked, valuesOf(one.args, "votes"));
  throw new RangeError(`line ${one.line}: unknown command ${one.command}`);
}

function assign<T>(
  ids: readonly string[],
  values: readonly string[],
  read: (value: string) => T,
): Map<string, T> {
  if (ids.length !== values.length) throw new RangeError(`${values.length} values for ${ids.length} voters`);
  const known = ids.map((id, place): [string, string] => [id, values[place] as string]);
  return new Map(known.filter(([, value]) => value !== UNKNOWN).map(([id, value]) => [id, read(value)]));
}

function committed({ config, joint, ids }: Asked, given: readonly string[]): string {
  const acks = assign(ids, given, Number);
  const index = committedIndex(config, (id) => acks.get(id));
  const out = [describe(ids, acks)];
  const disagree = (other: number, way: string): void => {
    if (other !== index) out.push(`${inWords(other)} <-- via ${way}\n`);
  };
  const { voters, votersOutgoing } = config;
  disagree(byDefinition(config, acks), "alternative computation");
  disagree(
    committedIndex({ voters: votersOutgoing, votersOutgoing: voters }, (id) => acks.get(id)),
    "symmetry",
  );
  if (!joint) {
    disagree(
      committedIndex({ voters, votersOutgoing: voters }, (id) => acks.get(id)),
      "self-joint quorum",
    );
    for (const [id, ack] of acks) {
      // Who is behind what is committed may fall further behind.
      if (ack >= index) continue;
      for (const lower of [ack - 1, 0]) {
        const other = committedIndex(config, (peer) => (peer === id ? lower : acks.get(peer)));
        disagree(other, `overlaying ${id} with ${lower}`);
      }
    }
  }
  out.push(`${inWords(index)}\n`);
  return out.join("");
}

/** The highest acknowledged index that more than half of each half holds. */
function byDefinition(config: QuorumConfig, acks: ReadonlyMap<string, number>): number {
  const halves = [config.voters, config.votersOutgoing].filter((half) => half.length > 0);
  if (halves.length === 0) return Number.POSITIVE_INFINITY;
  const holds = (half: readonly string[], index: number): boolean =>
    2 * half.filter((id) => (acks.get(id) ?? 0) >= index).length > half.length;
  return Math.max(0, ...[...acks.values()].filter((index) => halves.every((half) => holds(half, index))));
}

function vote({ config, joint, ids }: Asked, given: readonly string[]): string {
  const votes = assign(ids, given, (value) => value === "y");
  const result = voteResult(config, (id) => votes.get(id));
  const swapped = { voters: config.votersOutgoing, votersOutgoing: config.voters };
  const other = voteResult(swapped, (id) => votes.get(id));
  const note = joint && other !== result ? `${VOTE_WORDS[other]} <-- via symmetry\n` : "";
  return `${note}${VOTE_WORDS[result]}\n`;
}

/** A row for each voter: how many are below it as a bar, or `?` where nothing is known of it. */
function describe(ids: readonly string[], acks: ReadonlyMap<string, number>): string {
  if (ids.length === 0) return "<empty majority quorum>";
  const width = ids.length;
  const rows = [...ids].sort(byNumber).map((id) => {
    const ack = acks.get(id);
    const below = ids.filter((other) => (acks.get(other) ?? 0) < (ack ?? 0)).length;
    const bar = ack === undefined ? "?".padEnd(width + 1) : `${"x".repeat(below)}>`.padEnd(width + 1);
    return `${bar} ${String(ack ?? 0).padStart(5)}    (id=${Number(id).toString(16)})\n`;
  });
  return `${" ".repeat(width)}    idx\n${rows.join("")}`;
}

export function byNumber(a: string, b: string): number {
  return Number(a) - Number(b);
}

function inWords(index: number): string {
  return index === Number.POSITIVE_INFINITY ? "∞" : String(index);
}
