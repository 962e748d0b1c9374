/** This node's slice of every validation: computed before its next training, gossiped, merged. */
import type { Evaluation, SessionState } from "../../consensus/control/index.js";
import type { SessionSpec } from "../../training/session.js";
import type { RoundDeps } from "./deps.js";
import {
  type EvaluationPart,
  Evaluations,
  type ExpectedEvaluation,
  evaluationSlice,
  expectedEvaluation,
  isEvaluated,
} from "./evaluations.js";

/** Heights of which it is remembered who validates what. */
const HEIGHTS_MAX = 16;

type EvaluatorDeps = Pick<
  RoundDeps,
  "identity" | "gossip" | "trainer" | "versions" | "presence" | "logger" | "now"
>;

export class Evaluator {
  private readonly merged = new Evaluations();
  private expectedAt = new Map<number, ExpectedEvaluation>();
  private session: string | null = null;
  private lastHeight = -1;
  private running: Promise<void> = Promise.resolve();

  constructor(private readonly deps: EvaluatorDeps) {}

  /** Resolves when no evaluation of this node is under way. */
  settled(): Promise<void> {
    return this.running;
  }

  /** @param from a member */
  heard(session: string, from: string, part: EvaluationPart): void {
    if (session === this.session) this.merged.add(from, part, this.lastHeight, this.deps.now());
  }

  /** Whether the version that `session` stands on is to be validated by anybody. */
  expects(session: SessionState): boolean {
    return (this.expectedAt.get(session.height)?.authors.length ?? 0) > 0;
  }

  /** The next merged figure that the log does not have yet. */
  ready(session: SessionState): Evaluation | null {
    return this.merged.ready(session.evaluations, (h) => this.expectedAt.get(h) ?? null, this.terms());
  }

  /** The merged figure for the version that `session` stands on, once there is one. */
  current({ height }: SessionState): Evaluation | null {
    return this.merged.of(height, this.expectedAt.get(height) ?? null, this.terms());
  }

  private terms() {
    return { nowMs: this.deps.now(), isAlive: (peer: string) => this.deps.presence.isAlive(peer) };
  }

  changed(session: SessionState, spec: SessionSpec): void {
    if (session.id !== this.session) {
      this.session = session.id;
      this.expectedAt = new Map();
      this.lastHeight = -1;
      this.merged.reset();
    }
    if (session.version === null || session.height === this.lastHeight) return;
    if (session.status !== "running" && session.status !== "finishing") return;
    this.lastHeight = session.height;
    if (!isEvaluated(spec, session.height, session.status === "finishing")) return;
    const expected = expectedEvaluation(spec, session.version.hash, session.participants);
    this.expectedAt.set(session.height, expected);
    if (this.expectedAt.size > HEIGHTS_MAX) this.expectedAt.delete(Math.min(...this.expectedAt.keys()));
    const part = expected.authors.indexOf(this.deps.identity.peerId);
    if (part < 0 || !this.deps.trainer?.canTrain) return;
    const job = this.running.then(() => this.evaluate(session, spec, part, expected.authors.length));
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
    this.heard(session.id, deps.identity.peerId, figure);
    const message = { v: 1 as const, kind: "evaluation" as const, session: session.id, ...figure };
    await deps.gossip.publish("progress", message);
  }
}
