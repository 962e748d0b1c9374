/** Which learner becomes the next voter: a failure of one zone should take as few voters with it as possible. */

/**
 * The candidate whose zone holds the fewest voters; the first of several. Nodes that name no zone count as one.
 * @returns null when there is no candidate
 */
export function nextVoter(
  candidates: readonly string[],
  voters: readonly string[],
  zoneOf: (peer: string) => string,
): string | null {
  const inZone = (zone: string) => voters.filter((voter) => zoneOf(voter) === zone).length;
  let best: { peer: string; voters: number } | null = null;
  for (const peer of candidates) {
    const here = inZone(zoneOf(peer));
    if (best === null || here < best.voters) best = { peer, voters: here };
  }
  return best?.peer ?? null;
}
