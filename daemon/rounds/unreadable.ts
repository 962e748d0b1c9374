/**
 * What a leader does about a session whose spec it cannot read: it may run older software than others, so it hands the
 * leadership over first. A session that has no version yet and that no leader takes up is ended, with the reason; one
 * that has versions is never given up for this: a newer leader goes on with it, or a person stops it.
 */
import { isActive, type SessionState } from "../../consensus/control/index.js";
import type { RaftNode } from "../../consensus/node/index.js";
import type { Logger } from "../logger.js";
import type { Presence } from "../swarm/presence.js";

/** A leader keeps a session that it cannot read, and that has no version, for this long. */
export const UNREADABLE_MS_MAX = 20_000;
/** Tries to hand over a session that has versions; each node makes this many for one session. */
export const HANDOVERS_MAX = 5;
/** Between two such tries: others may come back meanwhile. */
export const HANDOVER_EVERY_MS = 10_000;
const TRANSFER_MS = 2000;

export interface UnreadableInit {
  readonly self: string;
  readonly raft: Pick<RaftNode, "status" | "transferLeadership">;
  readonly presence: Pick<Presence, "able">;
  /** Ends the session as failed. */
  readonly giveUp: (session: string, reason: string) => void;
  readonly logger: Pick<Logger, "warn">;
  readonly now: () => number;
}

export class Unreadable {
  private session: string | null = null;
  /** Since when this node has led, or first led, with it. */
  private sinceMs: number | null = null;
  private handovers = 0;
  private lastHandoverMs = Number.NEGATIVE_INFINITY;
  private handing = false;

  constructor(private readonly init: UnreadableInit) {}

  /** @param fault why this node cannot read the session's spec; null when it can */
  tick(session: SessionState | null, fault: string | null): void {
    if (fault === null || !isActive(session)) return;
    const { raft, giveUp, now, logger } = this.init;
    if (this.session !== session.id) {
      this.session = session.id;
      this.sinceMs = null;
      this.handovers = 0;
      this.lastHandoverMs = Number.NEGATIVE_INFINITY;
      logger.warn({ session: session.id, reason: fault }, "the session cannot be read here");
    }
    if (raft.status().role !== "leader" || this.handing) return;
    const nowMs = now();
    this.sinceMs ??= nowMs;
    const fresh = session.version === null;
    if (this.handovers < (fresh ? 1 : HANDOVERS_MAX)) {
      if (nowMs - this.lastHandoverMs >= HANDOVER_EVERY_MS) void this.handOver(session.id, nowMs);
    } else if (fresh && nowMs - this.sinceMs >= UNREADABLE_MS_MAX) giveUp(session.id, fault);
  }

  private async handOver(session: string, nowMs: number): Promise<void> {
    const { self, raft, presence, logger } = this.init;
    this.handing = true;
    this.handovers += 1;
    this.lastHandoverMs = nowMs;
    // Whoever is ready to train has read it.
    const able = presence.able(session);
    const reader = raft.status().voters.find((peer) => peer !== self && able.has(peer));
    try {
      const handed = await raft.transferLeadership(reader, TRANSFER_MS);
      logger.warn({ session, handed }, "leadership handed over: the session cannot be read here");
    } catch (error) {
      logger.warn({ session, reason: String(error) }, "leadership could not be handed over");
    } finally {
      this.handing = false;
    }
  }
}
