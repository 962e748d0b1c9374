/** From a request and what its dataset turned out to be to the full description of a session. Pure. */
import { batchesPerEpoch, type DataSpec, type SessionSpec, sessionSpecSchema } from "../session.js";
import { invalid, planModel } from "./model.js";
import { ROUND_TIMEOUT_MS_DEFAULT, type TrainingRequest } from "./request.js";
import { planInnerSteps, planStrategy } from "./strategy.js";

const ROUNDS_MAX = 10_000_000;
const WARMUP_STEPS_MAX = 100;
const WARMUP_RATIO = 0.05;
const EVALUATIONS_WANTED = 20;

/**
 * Fills in everything that the request leaves out.
 *
 * @param participants nodes that will train at the start; the plan is made for that many, and holds for any number
 * @throws TrainingError `SESSION_INVALID` with the path of what does not fit, and what would
 */
export function planSession(request: TrainingRequest, data: DataSpec, participants: number): SessionSpec {
  const model = planModel(request.model, data);
  const batchSize = request.batch_size ?? (data.kind === "text" ? 16 : 64);
  const perEpoch = batchesPerEpoch({ data, batchSize });
  if (perEpoch < 1) {
    const allowed = `at most ${data.trainSamples}, the training samples of ${data.dataset}`;
    throw invalid("batch_size", `${batchSize} samples do not fit one epoch`, allowed);
  }
  const length = planLength(request, perEpoch, Math.max(1, participants));
  const warnings: string[] = [];
  const strategy = planStrategy(request, length, warnings);
  if (data.validationSamples < batchSize) {
    warnings.push(
      `No version will be validated: ${data.validationSamples} validation samples do not fill a batch of ${batchSize}.`,
    );
  }
  const optimizer = planOptimizer(request, length.expectedRounds * length.innerSteps);
  const spec: SessionSpec = {
    v: 1,
    model,
    data,
    strategy,
    codec: request.codec,
    aggregator: request.aggregator,
    batchSize,
    optimizer,
    rounds: length.rounds,
    epochs: length.epochs,
    evaluateEvery:
      request.evaluate_every ?? Math.max(1, Math.floor(length.expectedRounds / EVALUATIONS_WANTED)),
    seed: request.seed,
    roundTimeoutMs: request.round_timeout ?? ROUND_TIMEOUT_MS_DEFAULT,
    nodes: request.nodes ?? null,
    warnings,
  };
  return checked(spec);
}

/**
 * Rounds that the session will most likely take with this many participants: fewer than `spec.rounds` when its epochs
 * are done before. For progress shown to people.
 */
export function expectedRounds(spec: SessionSpec, participants: number): number {
  if (spec.epochs === null) return spec.rounds;
  const perRound = spec.strategy.innerSteps * Math.max(1, participants);
  return Math.min(spec.rounds, Math.ceil((spec.epochs * batchesPerEpoch(spec)) / perRound));
}

interface Length {
  readonly innerSteps: number;
  readonly rounds: number;
  readonly epochs: number | null;
  readonly expectedRounds: number;
  /** Inner steps of one node in all those rounds; the last round may be a shorter one. */
  readonly expectedSteps: number;
}

/**
 * With epochs, those decide when the session ends: `rounds` is then what a single node would need, so that a session
 * whose nodes leave still does all its epochs. With rounds alone, those decide.
 */
function planLength(request: TrainingRequest, perEpoch: number, participants: number): Length {
  const epochs = request.epochs ?? (request.rounds === undefined ? 1 : null);
  const stepsPerNode = epochs === null ? null : Math.ceil((epochs * perEpoch) / participants);
  const innerSteps = planInnerSteps(request, stepsPerNode);
  if (epochs === null || stepsPerNode === null) {
    const rounds = request.rounds ?? 1;
    return { innerSteps, rounds, epochs, expectedRounds: rounds, expectedSteps: rounds * innerSteps };
  }
  const rounds = request.rounds ?? roundsForEpochs(epochs, perEpoch, innerSteps);
  const expectedRounds = Math.min(rounds, Math.ceil(stepsPerNode / innerSteps));
  const expectedSteps = Math.min(rounds * innerSteps, stepsPerNode);
  return { innerSteps, rounds, epochs, expectedRounds, expectedSteps };
}

/** Refused rather than cut: a session that silently ends before its epochs are done is not what was asked for. */
function roundsForEpochs(epochs: number, perEpoch: number, innerSteps: number): number {
  const rounds = Math.ceil((epochs * perEpoch) / innerSteps);
  if (rounds <= ROUNDS_MAX) return rounds;
  const fitting = Math.floor((ROUNDS_MAX * innerSteps) / perEpoch);
  throw invalid(
    "epochs",
    `${epochs} epochs of ${perEpoch} batches take one node ${rounds} rounds of ${innerSteps} inner steps`,
    `at most ${fitting} epochs, which are ${ROUNDS_MAX} rounds, or more inner_steps or a larger batch_size`,
  );
}

function planOptimizer(request: TrainingRequest, expectedSteps: number): SessionSpec["optimizer"] {
  const totalSteps = Math.max(1, Math.min(1_000_000_000, expectedSteps));
  return {
    learningRate: request.learning_rate ?? 1e-3,
    beta1: request.beta1,
    beta2: request.beta2,
    epsilon: request.epsilon,
    weightDecay: request.weight_decay,
    clipNorm: request.clip_norm,
    warmupSteps: request.warmup_steps ?? Math.min(WARMUP_STEPS_MAX, Math.floor(WARMUP_RATIO * totalSteps)),
    totalSteps,
    finalLearningRateRatio: request.final_learning_rate_ratio,
  };
}

/** The schema of the log has the last word. */
function checked(spec: SessionSpec): SessionSpec {
  const parsed = sessionSpecSchema.safeParse(spec);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw invalid(issue?.path.join(".") ?? "", "the planned session is not valid", issue?.message ?? "");
}
