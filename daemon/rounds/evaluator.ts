/** This node's slice of every validation: computed before its next training, gossiped, merged. */
import type { Evaluation, SessionState } from "../../consensus/control/index.js";
import type { Hash } from "../../protocol/types.js";
import type { SessionSpec } from "../../training/session.js";
import type { RoundDeps } from "./deps.js";
import {
  type EvaluationPart,
  Evaluations,
  evaluationParts,
  evaluationSlice,
  isEvaluated,
} from "./evaluations.js";

/** Heights of which the version's hash is remembered, to tell a figure's version. */
const HEIGHTS_MAX = 16;

type EvaluatorDeps = Pick<RoundDeps, "identity" | "gossip" | "trainer" | "versions" | "logger" | "now">;

export class Evaluator {
  private readonly merged = new Evaluations();
  private versionAt = new Map<number, Hash>();
  private session: string | null = null;
  private lastHeight = -1;
  private running: Promise<void> = Promise.resolve();

  constructor(private readonly deps: EvaluatorDeps) {}

  /** Resolves when no evaluation of this node is under way. */
  settled(): Promise<void> {
    return this.running;
  }

  heard(session: string, part: EvaluationPart): void {
    this.merged.add(session, part, this.deps.now());
  }

  /** The next merged figure that the log does not have yet. */
  ready(session: SessionState): Evaluation | null {
    return this.merged.ready(session.evaluations, (h) => this.versionAt.get(h) ?? null, this.deps.now());
  }

  changed(session: SessionState, spec: SessionSpec): void {
    if (session.id !== this.session) {
      this.session = session.id;
      this.versionAt = new Map();
      this.lastHeight = -1;
    }
    if (session.version === null || session.height === this.lastHeight) return;
    if (session.status !== "running" && session.status !== "finishing") return;
    this.lastHeight = session.height;
    this.versionAt.set(session.height, session.version.hash);
    if (this.versionAt.size > HEIGHTS_MAX) this.versionAt.delete(Math.min(...this.versionAt.keys()));
    if (!isEvaluated(spec, session.height, session.status === "finishing")) return;
    const parts = evaluationParts(spec, session.participants.length);
    const part = session.participants.indexOf(this.deps.identity.peerId);
    if (part < 0 || part >= parts || !this.deps.trainer?.canTrain) return;
    const job = this.running.then(() => this.evaluate(session, spec, part, parts));
    this.running = job.catch((error: Error) => {
      this.deps.logger.warn({ height: session.height, reason: error.message }, "validation failed");
    });
  }

  private async evaluate(
    session: SessionState,
    spec: SessionSpec,
    part: number,
    parts: number,
  ): Promise<void> {
    const { deps } = this;
    const { version, height } = session;
    if (version === null || deps.trainer === null || this.lastHeight > height) return;
    const path = await deps.versions.ensure(version);
    const base = { hash: version.hash, path };
    const { lossNats, accuracy, samples } = await deps.trainer.evaluate(
      session.id,
      base,
      evaluationSlice(spec, part, parts).map(([from, to]) => [from, to]),
    );
    const figure = { height, version: version.hash, lossNats, accuracy, samples, part, parts };
    this.heard(session.id, figure);
    const message = { v: 1 as const, kind: "evaluation" as const, session: session.id, ...figure };
    await deps.gossip.publish("progress", message);
  }
}
