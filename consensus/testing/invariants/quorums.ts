/** Majorities, counted anew: the core's own count is what is to be checked. Sets of peers are bits of a number. */
import type { Configuration } from "../../raft/types.js";

/** Peers of one run; their subsets are looked through one by one. */
const MAX_PEERS = 16;

export function holdsQuorum(config: Configuration, has: (peer: string) => boolean): boolean {
  return holdsMajority(config.voters, has) && holdsMajority(config.votersOutgoing, has);
}

function holdsMajority(half: readonly string[], has: (peer: string) => boolean): boolean {
  return half.length === 0 || 2 * half.filter(has).length > half.length;
}

/** Whether any quorum of the one shares a member with any quorum of the other. */
export function quorumsMeet(one: Configuration, other: Configuration): boolean {
  const halves = [one.voters, one.votersOutgoing, other.voters, other.votersOutgoing];
  const peers = [...new Set(halves.flat())];
  if (peers.length > MAX_PEERS) throw new RangeError(`${peers.length} peers, at most ${MAX_PEERS}`);
  const masks = halves.map((half) => half.reduce((mask, peer) => mask | (1 << peers.indexOf(peer)), 0));
  const [a, b, c, d] = masks as [number, number, number, number];
  const all = (1 << peers.length) - 1;
  for (let set = 0; set <= all; set++) {
    const rest = all & ~set;
    if (covers(set, a) && covers(set, b) && covers(rest, c) && covers(rest, d)) return false;
  }
  return true;
}

/** The set holds a majority of the half; of an empty half it always does. */
function covers(set: number, half: number): boolean {
  return half === 0 || 2 * bits(set & half) > bits(half);
}

function bits(set: number): number {
  let count = 0;
  for (let left = set; left !== 0; left &= left - 1) count++;
  return count;
}

/** One text for one configuration. */
export function keyOf(config: Configuration): string {
  const known = keys.get(config);
  if (known !== undefined) return known;
  const { voters, learners, votersOutgoing, learnersNext, autoLeave } = config;
  const key = `voters ${voters} outgoing ${votersOutgoing} learners ${learners} next ${learnersNext} ${autoLeave}`;
  keys.set(config, key);
  return key;
}

const keys = new WeakMap<Configuration, string>();
