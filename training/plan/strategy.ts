/**
 * The strategy of a session: how many inner steps a round has (H), and what the outer step does with the sum of them.
 * DiLoCo's rule, H ≤ total / 30, is kept where the request leaves room for it and told of where it does not.
 */
import type { SessionSpec } from "../session.js";
import { invalid } from "./model.js";
import type { TrainingRequest } from "./request.js";

/** DiLoCo's rounds are about this long at most by default; below, the rule of H ≤ total / 30 decides. */
const INNER_STEPS_DEFAULT = 30;
const INNER_STEPS_MAX = 100_000;
/** Outer momentum needs this many rounds to pay off. */
const ROUNDS_FOR_MOMENTUM = 20;
/** And this many, all as long as the others, to be at its best: H ≤ total / 30. */
const ROUNDS_WANTED = 30;

/** @param stepsPerNode what the epochs make of each node; null when the rounds alone decide */
export function planInnerSteps(request: TrainingRequest, stepsPerNode: number | null): number {
  if (request.strategy === "sync_sgd") {
    if ((request.inner_steps ?? 1) === 1) return 1;
    throw invalid(
      "inner_steps",
      `is ${request.inner_steps}`,
      "sync_sgd does one inner step a round; cooperative_sgd more",
    );
  }
  if (request.inner_steps !== undefined) return request.inner_steps;
  if (stepsPerNode === null) return INNER_STEPS_DEFAULT;
  const steps =
    request.rounds === undefined
      ? Math.min(INNER_STEPS_DEFAULT, Math.floor(stepsPerNode / ROUNDS_WANTED))
      : Math.min(INNER_STEPS_MAX, Math.ceil(stepsPerNode / request.rounds));
  return Math.max(1, steps);
}

/** What one node is expected to do. */
interface Expected {
  readonly innerSteps: number;
  readonly expectedRounds: number;
  readonly expectedSteps: number;
}

/** @param warnings what is to be said about the choice is added here */
export function planStrategy(
  request: TrainingRequest,
  expected: Expected,
  warnings: string[],
): SessionSpec["strategy"] {
  const { strategy: name, outer_learning_rate: rate, outer_momentum: momentum } = request;
  const { innerSteps, expectedRounds: rounds } = expected;
  if (name === "sync_sgd") {
    for (const field of ["outer_learning_rate", "outer_momentum"] as const) {
      if (request[field] === undefined) continue;
      throw invalid(field, "does not belong to sync_sgd", "cooperative_sgd has an outer step");
    }
    return { name, innerSteps, outerLearningRate: 1, outerMomentum: 0 };
  }
  if (rounds >= ROUNDS_FOR_MOMENTUM) {
    if (!keepsRule(expected)) {
      const steps = `${innerSteps} inner steps a round`;
      const allowed = `a ${ROUNDS_WANTED}th of the ${expected.expectedSteps} steps of a node (about ${rounds} rounds)`;
      warnings.push(
        `${steps} are more than ${allowed}, up to which outer momentum is at its best: ${advice(expected)}.`,
      );
    }
    return { name, innerSteps, outerLearningRate: rate ?? 0.7, outerMomentum: momentum ?? 0.9 };
  }
  const chosen = rate === undefined && momentum === undefined;
  warnings.push(
    `About ${rounds} rounds are too few for outer momentum, which needs ${ROUNDS_FOR_MOMENTUM}: ${
      chosen
        ? "the contributions are averaged plainly"
        : "the outer settings of the request are kept, plain averaging may do better"
    }; ${advice(expected)}.`,
  );
  return { name, innerSteps, outerLearningRate: rate ?? 1, outerMomentum: momentum ?? 0 };
}

function keepsRule({ innerSteps, expectedSteps }: Expected): boolean {
  return innerSteps * ROUNDS_WANTED <= expectedSteps;
}

/** The H that fits as many steps as were asked for, and the rounds that it takes. */
function advice({ expectedSteps }: Expected): string {
  const fitting = Math.floor(expectedSteps / ROUNDS_WANTED);
  if (fitting < 1) return `no H fits ${expectedSteps} steps, ${ROUNDS_WANTED} are the least`;
  return `inner_steps ${fitting} in ${Math.ceil(expectedSteps / fitting)} rounds would fit`;
}
