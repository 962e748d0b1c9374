import type { Argv, CommandModule, Options } from "yargs";
import type { TrainingStatusView } from "../../services/views/training.js";
import { type CliContext, type ClientArgs, clientOptions, show, withClient } from "../context.js";
import { renderTraining } from "../training_text.js";
import { type WatchArgs, watchTraining } from "../watch.js";
import {
  pauseCommand,
  resumeCommand,
  type SessionArgs,
  sessionOption,
  sessionsCommand,
  statusCommand,
  stopCommand,
} from "./sessions.js";

interface StartArgs extends ClientArgs {
  readonly watch: boolean;
  readonly queue: boolean;
  readonly "idempotency-key"?: string;
  readonly [flag: string]: unknown;
}

export function trainCommand(context: CliContext): CommandModule {
  return {
    command: "train",
    describe: "Start, follow, pause and stop training",
    builder: (yargs) =>
      yargs
        .command(startCommand(context))
        .command(statusCommand(context))
        .command(stopCommand(context))
        .command(pauseCommand(context))
        .command(resumeCommand(context))
        .command(sessionsCommand(context))
        .command(watchCommand(context))
        .demandCommand(1, "say what: start, status, stop, pause, resume, sessions or watch"),
    handler: () => {},
  };
}

function startCommand(context: CliContext): CommandModule<object, StartArgs> {
  return {
    command: "start",
    describe: "Start a training session in the whole swarm",
    builder: async (yargs: Argv) =>
      clientOptions(yargs, context)
        .option("watch", { type: "boolean", default: false, describe: "Follow it to its end" })
        .option("queue", {
          type: "boolean",
          default: false,
          describe: "Let it wait while another session runs",
        })
        .option("idempotency-key", {
          type: "string",
          describe: "Start it once, however often this is repeated with the same key",
        })
        .options((await sessionFlags()).options)
        .example(
          "$0 train start --dataset builtin:moby-dick --rounds 50 --watch",
          "Train on what comes with it",
        ) as Argv<StartArgs>,
    handler: async (args) => {
      const request = { ...(await sessionFlags()).requestOf(args), ...(args.queue ? { queue: true } : {}) };
      const key = args["idempotency-key"];
      await withClient(context, args, async (client) => {
        const started = await client.post<TrainingStatusView>(
          "/api/v1/training/start",
          request,
          key === undefined ? {} : { "idempotency-key": key },
        );
        // Watching as JSON is one object a line, the first one too.
        if (args.watch && args.json) context.io.out(JSON.stringify(started));
        else show(context, args, started, renderTraining);
        if (args.watch)
          await watchTraining(context, client, { ...args, interval: WATCH_INTERVAL_S }, started.session_id);
      });
    },
  };
}

interface SessionFlags {
  readonly options: Record<string, Options>;
  requestOf(args: Readonly<Record<string, unknown>>): Record<string, unknown>;
}

/** Loaded when it is needed: every other command starts faster without. */
async function sessionFlags(): Promise<SessionFlags> {
  const { trainingRequestSchema } = await import("../../../training/plan/index.js");
  const { requestFlags, requestOf, yargsOptions } = await import("../request_flags.js");
  const flags = requestFlags(trainingRequestSchema);
  return { options: yargsOptions(flags), requestOf: (args) => requestOf(flags, args) };
}

/** Well inside the API's default rate, with room for other commands. */
const WATCH_INTERVAL_S = 2;

function watchCommand(context: CliContext): CommandModule<object, WatchArgs & SessionArgs> {
  return {
    command: "watch",
    describe: "Follow a session to its end, a line for every version",
    builder: (yargs) =>
      sessionOption(clientOptions(yargs, context)).option("interval", {
        type: "number",
        default: WATCH_INTERVAL_S,
        describe: "Seconds between two looks",
      }),
    handler: (args) =>
      withClient(context, args, (client) => watchTraining(context, client, args, args.session ?? null)),
  };
}
