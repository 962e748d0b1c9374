import type { Backend } from "../backends/index.js";
import { TrainingError } from "../errors.js";
import type { SessionSpec } from "../session.js";
import { evaluateVersion } from "./evaluate.js";
import { generateText } from "./generate.js";
import type { FromTrainer, ToTrainer } from "./messages.js";
import { type RoundControl, runRound } from "./round.js";
import { closeSession, type OpenDataset, type OpenSession, openSession } from "./session.js";

type Asked<K extends ToTrainer["kind"]> = Extract<ToTrainer, { kind: K }>;
type Answer = FromTrainer;

/** Progress is reported at most this often, and at once when the node has done its even share of the round. */
const PROGRESS_INTERVAL_MS = 200;

const sameSpec = (a: SessionSpec, b: SessionSpec) => JSON.stringify(a) === JSON.stringify(b);

/**
 * The trainer's work, one request at a time: whoever calls must wait for an answer before asking again. One session is
 * open at a time; opening another closes the one before.
 */
export class TrainerEngine {
  readonly #backend: Backend;
  readonly #openDataset: OpenDataset;
  #session: OpenSession | null = null;

  constructor(backend: Backend, openDataset: OpenDataset) {
    this.#backend = backend;
    this.#openDataset = openDataset;
  }

  async inspect(message: Asked<"inspect">): Promise<Answer> {
    const { dataset, contextLength, tokenizer } = message;
    const opened = await this.#openDataset({ dataset, contextLength, tokenizer });
    await opened.close();
    return { kind: "inspected", id: message.id, data: opened.spec };
  }

  /** Opening the open session again keeps its inner state. */
  async open(message: Asked<"open">): Promise<Answer> {
    const started = performance.now();
    const current = this.#session;
    if (current?.id !== message.session || !sameSpec(current.spec, message.spec)) {
      await this.close();
      this.#session = await openSession(this.#backend, this.#openDataset, message.session, message.spec);
    }
    const parameters = this.#sessionOf(message.session).model.layout.size;
    const openMs = performance.now() - started;
    return { kind: "opened", id: message.id, session: message.session, parameters, openMs };
  }

  /** @returns null when the round was aborted before; the caller has the answer before another message is heard */
  async train(
    message: Asked<"train">,
    control: Readonly<RoundControl>,
    report: (progress: Extract<FromTrainer, { kind: "progress" }>) => void,
  ): Promise<Answer | null> {
    const { session, round } = message;
    let lastReport = Number.NEGATIVE_INFINITY;
    const open = this.#sessionOf(session);
    const { innerSteps } = open.spec.strategy;
    const outcome = await runRound(open, message, control, (progress) => {
      const isShare = progress.steps === innerSteps;
      if (!isShare && performance.now() - lastReport < PROGRESS_INTERVAL_MS) return;
      lastReport = performance.now();
      report({ kind: "progress", session, round, ...progress, rssBytes: process.memoryUsage.rss() });
    });
    if (outcome === null) return null;
    const { steps, samples, lossNats, path, bytes, computeMs } = outcome;
    const base = message.base.hash;
    return { kind: "update", session, round, base, steps, samples, lossNats, path, bytes, computeMs };
  }

  async evaluate(message: Asked<"evaluate">): Promise<Answer> {
    const result = await evaluateVersion(this.#sessionOf(message.session), message);
    return { kind: "evaluated", id: message.id, ...result };
  }

  async generate(message: Asked<"generate">): Promise<Answer> {
    const text = await generateText(this.#sessionOf(message.session), message);
    return { kind: "generated", id: message.id, text };
  }

  async release({ session }: Asked<"release">): Promise<null> {
    if (this.#session?.id === session) await this.close();
    return null;
  }

  async close(): Promise<void> {
    const session = this.#session;
    this.#session = null;
    if (session !== null) await closeSession(session);
  }

  #sessionOf(id: string): OpenSession {
    if (this.#session?.id === id) return this.#session;
    const open = this.#session === null ? "none is open" : `${this.#session.id} is open`;
    throw new TrainingError("SESSION_INVALID", `session ${id} is not open in the trainer (${open})`, {
      session: id,
    });
  }
}
