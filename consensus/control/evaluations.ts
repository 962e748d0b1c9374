/** The validations of a session: the first, and a ring of the last. */
import { EVALUATIONS_MAX, type Evaluation, type SessionState } from "./state.js";

export function withEvaluation(session: SessionState, evaluation: Evaluation | null): SessionState {
  if (evaluation === null || evaluation.height > session.height) return session;
  if (session.evaluations.some((e) => e.height === evaluation.height)) return session;
  return {
    ...session,
    firstEvaluation: session.firstEvaluation ?? evaluation,
    evaluations: [...session.evaluations, evaluation].slice(-EVALUATIONS_MAX),
  };
}
