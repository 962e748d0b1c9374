/**
 * Validates a version that waits for the operator, on this node's own slice of the validation data: something to judge
 * by besides that the bytes are right. No part of what is agreed on.
 */
import type { Decision } from "../../consensus/types.js";
import type { SessionSpec } from "../../training/session.js";
import type { RoundDeps } from "./deps.js";
import { evaluationSlice, expectedEvaluation } from "./evaluations.js";
import type { Figures } from "./version_votes.js";

export interface CandidateFiguresInit
  extends Pick<RoundDeps, "identity" | "control" | "trainer" | "blobs" | "logger"> {
  readonly spec: () => SessionSpec | null;
}

export class CandidateFigures {
  constructor(private readonly init: CandidateFiguresInit) {}

  /** Null where this node has no trainer for the session or no slice, and when it fails: the log says why. */
  async of({ session, result }: Decision): Promise<Figures | null> {
    const { identity, control, trainer, blobs, logger } = this.init;
    const spec = this.init.spec();
    const state = control.state.session;
    if (spec === null || state?.id !== session || trainer?.canTrain !== true) return null;
    const { authors } = expectedEvaluation(spec, result.hash, state.participants);
    // Before the first round nobody is a participant yet: the node then validates on all of it.
    const part = authors.length === 0 ? 0 : authors.indexOf(identity.peerId);
    if (part < 0 || spec.data.validationSamples < spec.batchSize) return null;
    const slice = evaluationSlice(spec, part, Math.max(1, authors.length));
    try {
      const base = { hash: result.hash, path: await blobs.pathOf(result.hash) };
      const ranges = slice.map(([from, to]): [number, number] => [from, to]);
      const { lossNats, accuracy, samples } = await trainer.evaluate(session, base, ranges);
      return { lossNats, accuracy, samples };
    } catch (error) {
      logger.warn(
        { session, version: result.hash, reason: String(error) },
        "validation of a proposal failed",
      );
      return null;
    }
  }
}
