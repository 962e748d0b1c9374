/** What nodes tell each other while a round lasts: how far they are, what they lose, how a version validates. */
import type { ProgressMessage as ProgressGossip } from "../../protocol/index.js";
import type { RoundCore, RoundEffect } from "../../training/round/index.js";
import { isMember } from "../swarm/members.js";
import type { RoundDeps } from "./deps.js";
import type { Evaluator } from "./evaluator.js";
import { Losses } from "./losses.js";
import type { ProgressMessage } from "./trainer_port.js";

/**
 * The others are told of progress at most this often, which is little to verify for them, and at once when this node
 * has done its share of the round: on that they close it.
 */
const PROGRESS_MS = 800;

export interface ProgressReportsInit extends Pick<RoundDeps, "control" | "gossip" | "identity" | "now"> {
  readonly core: Pick<RoundCore, "open" | "progress">;
  readonly evaluator: Pick<Evaluator, "heard">;
  readonly run: (effects: readonly RoundEffect[]) => void;
}

export class ProgressReports {
  private readonly losses = new Losses();
  private toldAtMs = Number.NEGATIVE_INFINITY;

  constructor(private readonly init: ProgressReportsInit) {}

  /** Mean training loss that a node last told, in nats. */
  lossOf(peer: string): number | null {
    return this.losses.of(this.init.control.state.session?.id ?? null, peer);
  }

  /** This node's own trainer. */
  trainerProgressed({ session, round, steps, samples, lossNats, samplesPerSecond }: ProgressMessage): void {
    const { core, gossip, identity, now, run } = this.init;
    const message = { session, round, steps, samples, lossNats, samplesPerSecond };
    const progress = { v: 1 as const, kind: "progress" as const, ...message };
    const { open } = core;
    const isShare = open?.session === session && open.round === round && steps === open.shareSteps;
    if (isShare || now() - this.toldAtMs >= PROGRESS_MS) {
      this.toldAtMs = now();
      gossip.publish("progress", progress).catch(() => undefined);
    }
    this.losses.heard(identity.peerId, progress);
    run(core.progress(identity.peerId, session, round, steps, now()));
  }

  heard(message: ProgressGossip, from: string): void {
    const { core, control, evaluator, now, run } = this.init;
    const { state } = control;
    if (message.session !== state.session?.id || !isMember(state, from)) return;
    if (message.kind === "evaluation") {
      evaluator.heard(message.session, from, message);
      return;
    }
    this.losses.heard(from, message);
    run(core.progress(from, message.session, message.round, message.steps, now()));
  }
}
