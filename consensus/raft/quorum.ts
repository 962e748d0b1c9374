/**
 * What a majority is, of one set of voters and of two at once (joint consensus, §4.3 of Ongaro's thesis: while the
 * members change from one set to another, every decision needs a majority of each). An empty set decides nothing and
 * limits nothing, so a configuration that is not joint is simply one whose outgoing half is empty.
 */

/** Nobody stands twice within one half; the halves may share peers. */
export interface QuorumConfig {
  readonly voters: readonly string[];
  /** The voters that are on their way out; empty unless the configuration is joint. */
  readonly votersOutgoing: readonly string[];
}

export type VoteResult = "won" | "lost" | "pending";

/** Up to so many voters in one half, nothing is allocated. Committees are of 1 to 9. */
const SMALL_HALF_VOTERS = 9;

const small = new Float64Array(SMALL_HALF_VOTERS);

/** Of `count` voters; 1 of 0, which nobody can reach, hence the question is not asked of an empty half. */
export function majoritySize(count: number): number {
  return Math.floor(count / 2) + 1;
}

export function isJoint(config: { readonly votersOutgoing: readonly string[] }): boolean {
  return config.votersOutgoing.length > 0;
}

/**
 * The highest index that a majority of each half acknowledges; `Infinity` when nobody votes at all.
 * Takes O(n²) steps in a half of up to 9 voters, without allocation, and O(n log n) beyond.
 * @param ack the last index that a voter acknowledges; undefined counts as 0. It must not ask for a committed index itself
 */
export function committedIndex(config: QuorumConfig, ack: (peer: string) => number | undefined): number {
  const incoming = committedOfHalf(config.voters, ack);
  if (config.votersOutgoing.length === 0) return incoming;
  return Math.min(incoming, committedOfHalf(config.votersOutgoing, ack));
}

function committedOfHalf(voters: readonly string[], ack: (peer: string) => number | undefined): number {
  const count = voters.length;
  if (count === 0) return Number.POSITIVE_INFINITY;
  // In ascending order, as many voters as a majority has stand at this place or after it.
  const place = count - majoritySize(count);
  if (count > SMALL_HALF_VOTERS) {
    return Float64Array.from(voters, (peer) => ack(peer) ?? 0).sort()[place] as number;
  }
  for (let filled = 0; filled < count; filled++) {
    const index = ack(voters[filled] as string) ?? 0;
    let at = filled;
    while (at > 0 && (small[at - 1] as number) > index) {
      small[at] = small[at - 1] as number;
      at--;
    }
    small[at] = index;
  }
  return small[place] as number;
}

/**
 * `lost` as soon as one half cannot be won any more, `won` when both are. O(n), without allocation.
 * @param vote undefined while the voter has not answered
 */
export function voteResult(config: QuorumConfig, vote: (peer: string) => boolean | undefined): VoteResult {
  const incoming = resultOfHalf(config.voters, vote);
  if (config.votersOutgoing.length === 0) return incoming;
  const outgoing = resultOfHalf(config.votersOutgoing, vote);
  if (incoming === outgoing) return incoming;
  return incoming === "lost" || outgoing === "lost" ? "lost" : "pending";
}

function resultOfHalf(voters: readonly string[], vote: (peer: string) => boolean | undefined): VoteResult {
  if (voters.length === 0) return "won";
  const needed = majoritySize(voters.length);
  let granted = 0;
  let open = 0;
  for (const peer of voters) {
    const answer = vote(peer);
    if (answer === undefined) open++;
    else if (answer) granted++;
  }
  if (granted >= needed) return "won";
  return granted + open >= needed ? "pending" : "lost";
}

/** Whether a majority of each half has something. O(n), without allocation. */
export function hasQuorum(config: QuorumConfig, has: (peer: string) => boolean): boolean {
  return halfHas(config.voters, has) && halfHas(config.votersOutgoing, has);
}

function halfHas(voters: readonly string[], has: (peer: string) => boolean): boolean {
  if (voters.length === 0) return true;
  let needed = majoritySize(voters.length);
  for (const peer of voters) {
    if (has(peer) && --needed === 0) return true;
  }
  return false;
}
