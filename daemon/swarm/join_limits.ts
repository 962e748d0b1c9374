/** How often a peer may ask to join, and how often a member may change its name: each new name is a log entry. */
import { RateLimiter } from "../../protocol/index.js";

/** A newcomer asks twice a second; more is not even looked at. */
const ASKED_PER_SECOND = 4;
const ASKED_BURST = 10;
/** Peers whose rate and last rename are remembered; the longest silent is forgotten first. */
const PEERS_MAX = 10_000;
/** Between two changes of one member's name. */
export const JOIN_RENAME_MS_MIN = 600_000;

export class JoinLimits {
  private readonly asked: RateLimiter;
  private readonly renamedAtMs = new Map<string, number>();

  constructor(private readonly now: () => number) {
    this.asked = new RateLimiter({ perSecond: ASKED_PER_SECOND, burst: ASKED_BURST }, PEERS_MAX, now);
  }

  /**
   * Why a peer is not answered now, or null.
   * @param known its name in the log; null when it is no member, empty when it has not told one yet
   */
  refusal(peer: string, name: string, known: string | null): string | null {
    if (!this.asked.take(peer)) return "asked too often";
    if (known === name) return null;
    const lastMs = this.renamedAtMs.get(peer);
    if (lastMs !== undefined && this.now() - lastMs < JOIN_RENAME_MS_MIN) {
      return `its name changed less than ${JOIN_RENAME_MS_MIN / 60_000} minutes ago`;
    }
    if (known !== null && known !== "") this.renamed(peer);
    return null;
  }

  private renamed(peer: string): void {
    this.renamedAtMs.delete(peer);
    this.renamedAtMs.set(peer, this.now());
    if (this.renamedAtMs.size > PEERS_MAX) {
      this.renamedAtMs.delete(this.renamedAtMs.keys().next().value as string);
    }
  }
}
