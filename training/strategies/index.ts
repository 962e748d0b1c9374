/** What distinguishes the strategies: what a round carries, how long it is, and how its mean becomes a version. */
import type { Contribution } from "../aggregation/types.js";
import type { SessionSpec, StrategyName } from "../session.js";
import { cooperativeSgd } from "./cooperative_sgd.js";
import { syncSgd } from "./sync_sgd.js";
import type { OuterOptimizer } from "./types.js";

/** A fast node may do this many times its share of the round's steps before its lane is empty. */
const LANE_SHARES = 4;

const OUTER: Readonly<Record<StrategyName, OuterOptimizer>> = {
  cooperative_sgd: cooperativeSgd,
  sync_sgd: syncSgd,
};

export function outerOptimizerOf(name: StrategyName): OuterOptimizer {
  return OUTER[name];
}

/** A node alone hands over its parameters as they are, so that it trains exactly as local training does. */
export function contributionOf(spec: Pick<SessionSpec, "strategy">, participants: number): Contribution {
  if (participants === 1) return "parameters";
  return spec.strategy.name === "sync_sgd" ? "gradient" : "pseudo_gradient";
}

/**
 * Batches that each participant is given for one round. There is nobody whose part a node alone could do besides its
 * own: its lane is exactly its share, so that its rounds are H steps each, as local training counts them.
 */
export function laneBatchesOf(spec: Pick<SessionSpec, "strategy">, participants: number): number {
  const { name, innerSteps } = spec.strategy;
  if (name === "sync_sgd") return 1;
  return participants === 1 ? innerSteps : LANE_SHARES * innerSteps;
}

/** Inner steps of all participants together after which a round should close. */
export function targetStepsOf(spec: Pick<SessionSpec, "strategy">, participants: number): number {
  return spec.strategy.innerSteps * participants;
}

export { learningRateAt } from "./schedule.js";
export type { OuterContext, OuterOptimizer, OuterState, OuterTensor } from "./types.js";
