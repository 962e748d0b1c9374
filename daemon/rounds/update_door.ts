/**
 * Where other nodes' updates come in. A manifest is signed, but anybody can sign one: only a member's, of the open
 * round or of the one after it, is kept, fetched or stored, and of each author the first payload alone. What is written
 * here on a peer's word is bounded by what a round can use.
 */
import { type SignedManifest, type VerifiedUpdate, verifyManifest } from "../../protocol/index.js";
import {
  type AnnouncedUpdate,
  type RoundCore,
  type RoundEffect,
  updateFault,
} from "../../training/round/index.js";
import { isMember } from "../swarm/members.js";
import type { RoundDeps } from "./deps.js";
import { announcedOf, type UpdateInbox } from "./inbox.js";
import { ROUNDS_AHEAD_MAX, type RoundBlobs } from "./round_blobs.js";

export interface UpdateDoorInit extends Pick<RoundDeps, "control" | "verify" | "blobs" | "logger" | "now"> {
  readonly core: Pick<RoundCore, "open" | "announced" | "payloadOf">;
  readonly inbox: UpdateInbox;
  readonly roundBlobs: RoundBlobs;
  readonly run: (effects: readonly RoundEffect[]) => void;
}

export class UpdateDoor {
  constructor(private readonly init: UpdateDoorInit) {}

  /**
   * Whether a gossiped manifest is worth passing on: a member's, and nothing that this node knows to be stale or
   * wrong. A node that is behind passes on what it cannot judge yet; whoever keeps it judges it.
   */
  fits(message: VerifiedUpdate): boolean {
    const { state } = this.init.control;
    const newcomer = state.members.length === 0;
    if (!newcomer && !isMember(state, message.peer)) return false;
    const context = this.init.core.open;
    const update = announcedOf(message, message.verified);
    if (!context || update.session !== context.session || update.round > context.round) return true;
    return updateFault(update, context) === null;
  }

  async heard(message: VerifiedUpdate): Promise<void> {
    const { core, inbox, logger } = this.init;
    const update = announcedOf(message, message.verified);
    const { peer, round, payload } = update;
    const standing = this.standingOf(update);
    if (standing === "none") return;
    const known = standing === "open" ? core.payloadOf(peer) : null;
    if (known !== null && known !== payload.hash) {
      logger.debug({ peer, round }, "update not taken: its author announced another one first");
      return;
    }
    if (!inbox.keep(update, message)) return;
    if (standing === "early") inbox.holdBack({ update, inline: message.inline });
    else await this.take(update, message.inline);
  }

  /**
   * A manifest that a leader shows with its question.
   * @throws ProtocolError when it does not parse or is not signed by its author
   */
  shown(signed: SignedManifest): AnnouncedUpdate {
    const update = announcedOf(signed, verifyManifest(signed, this.init.verify));
    if (this.standingOf(update) !== "none") this.init.inbox.keep(update, signed);
    return update;
  }

  /** A round opened: those that came early are taken now. */
  opened(session: string, round: number): void {
    for (const { update, inline } of this.init.inbox.opened(session, round))
      if (this.standingOf(update) === "open") void this.take(update, inline);
  }

  /** @param inline the payload, where it came along */
  private async take(update: AnnouncedUpdate, inline: Uint8Array | null): Promise<void> {
    const { blobs, core, roundBlobs, logger, now, run } = this.init;
    const { peer, session, round, payload } = update;
    roundBlobs.keep(payload.hash, session, round);
    if (inline !== null && !blobs.stat(payload.hash)) {
      try {
        await blobs.put(inline);
      } catch (error) {
        logger.warn({ reason: String(error) }, "an inline update could not be stored");
      }
    }
    const { fault, effects } = core.announced(update, blobs.stat(payload.hash) !== undefined, now());
    if (fault !== null) logger.debug({ peer, round, fault }, "update not taken");
    run(effects);
  }

  /** `early`: of the round after the open one. A fast node may be that far ahead of this node's log, never more. */
  private standingOf(update: AnnouncedUpdate): "open" | "early" | "none" {
    const { state } = this.init.control;
    if (state.session?.id !== update.session || !isMember(state, update.peer)) return "none";
    if (update.round === state.session.round + ROUNDS_AHEAD_MAX) return "early";
    const { open } = this.init.core;
    return open !== null && updateFault(update, open) === null ? "open" : "none";
  }
}
