/** Carries out what the round core decides: each effect goes to whoever does it, and what comes of it to the core. */
import type { BlobRef } from "../../protocol/types.js";
import type { AnnouncedUpdate, RoundContext, RoundCore, RoundEffect } from "../../training/round/index.js";
import type { SessionSpec } from "../../training/session.js";
import type { Contributor } from "./contributor.js";
import type { RoundDeps } from "./deps.js";
import type { Judging } from "./judging.js";
import type { Leader } from "./leader.js";
import type { Recompute } from "./recompute.js";

export interface EffectsInit extends Pick<RoundDeps, "control" | "trainer" | "blobs" | "logger" | "now"> {
  readonly core: Pick<RoundCore, "held" | "unavailable" | "aggregated" | "aggregateFailed">;
  readonly contributor: Pick<Contributor, "train" | "announce">;
  readonly leader: Pick<Leader, "propose" | "fail">;
  readonly recompute: Pick<Recompute, "fetch" | "aggregate">;
  readonly judging: Pick<Judging, "answer">;
  readonly spec: () => SessionSpec | null;
}

export class Effects {
  constructor(private readonly init: EffectsInit) {}

  run(effects: readonly RoundEffect[]): void {
    for (const effect of effects) this.perform(effect);
  }

  private perform(effect: RoundEffect): void {
    const { contributor, trainer, leader, judging } = this.init;
    switch (effect.kind) {
      case "train":
        void contributor.train(effect.context, effect.lane);
        return;
      case "finish":
        trainer?.finish(effect.session, effect.round);
        return;
      case "abort":
        trainer?.abort(effect.session, effect.round);
        return;
      case "announce":
        void contributor.announce(effect.update, effect.first);
        return;
      case "fetch":
        void this.fetch(effect.update);
        return;
      case "aggregate":
        void this.aggregate(effect.key, effect.context, effect.updates);
        return;
      case "propose":
        void leader.propose(effect.context, effect.proposal, effect.closedAtMs);
        return;
      case "verdict":
        judging.answer(effect.id, effect.verdict);
        return;
      case "fail":
        void leader.fail(effect.session, effect.round, effect.reason, effect.refusals);
        return;
    }
  }

  private async fetch(update: AnnouncedUpdate): Promise<void> {
    const { core, recompute, logger, now } = this.init;
    const { hash } = update.payload;
    try {
      await recompute.fetch(update);
      this.run(core.held(hash, now()));
    } catch (error) {
      logger.debug({ peer: update.peer, reason: String(error) }, "payload not here yet");
      this.run(core.unavailable(hash, now()));
    }
  }

  private async aggregate(
    key: string,
    context: RoundContext,
    updates: readonly AnnouncedUpdate[],
  ): Promise<void> {
    const { core, control, recompute, blobs, logger, now } = this.init;
    const state = control.state.session;
    const spec = this.init.spec();
    try {
      if (!spec || state?.id !== context.session) throw new Error(`session ${context.session} is over`);
      const base: BlobRef | null = context.base === null ? null : state.version;
      const result = await recompute.aggregate(spec, context, base, updates);
      this.run(core.aggregated(key, result, now()));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      logger.warn({ session: context.session, round: context.round, reason }, "recomputation failed");
      const missing = updates.map((u) => u.payload.hash).filter((hash) => !blobs.stat(hash));
      this.run(core.aggregateFailed(key, reason, missing, now()));
    }
  }
}
