/** What can be done with a session once it is started: `train status`, `stop`, `pause`, `resume`, `sessions`. */
import type { Argv, CommandModule } from "yargs";
import type { SessionListView } from "../../services/views/sessions.js";
import type { TrainingStatusView } from "../../services/views/training.js";
import { type CliContext, type ClientArgs, clientOptions, show, withClient } from "../context.js";
import { renderSessions, renderTraining, trainingLine } from "../training_text.js";
import { statusPath } from "../watch.js";

export interface SessionArgs extends ClientArgs {
  readonly session?: string;
}

interface OrderArgs extends SessionArgs {
  readonly reason?: string;
}

interface ListArgs extends ClientArgs {
  readonly limit?: number;
  readonly cursor?: string;
  readonly status?: string;
}

export function sessionOption<T>(yargs: Argv<T>): Argv<T & { session: string | undefined }> {
  return yargs.option("session", { type: "string", describe: "Its id; the current one when left out" });
}

export function statusCommand(context: CliContext): CommandModule<object, SessionArgs> {
  return {
    command: "status",
    describe: "Show a session: the running one, else the last one",
    builder: (yargs) => sessionOption(clientOptions(yargs, context)),
    handler: (args) =>
      withClient(context, args, async (client) => {
        const view = await client.get<TrainingStatusView>(statusPath(args.session ?? null));
        show(context, args, view, renderTraining);
      }),
  };
}

export const stopCommand = (context: CliContext) =>
  order(context, "stop", "Stop the current session, or one that waits; its last version stays", true);

export const pauseCommand = (context: CliContext) =>
  order(context, "pause", "Pause the current session: no version is made until it is resumed", true);

export const resumeCommand = (context: CliContext) =>
  order(context, "resume", "Resume the paused session from its last version", false);

function order(
  context: CliContext,
  command: "stop" | "pause" | "resume",
  describe: string,
  takesReason: boolean,
): CommandModule<object, OrderArgs> {
  return {
    command,
    describe,
    builder: (yargs): Argv<OrderArgs> => {
      const options = sessionOption(clientOptions(yargs, context));
      return takesReason
        ? options.option("reason", { type: "string", describe: "Why, for the status and the history" })
        : options;
    },
    handler: (args) =>
      withClient(context, args, async (client) => {
        const body = { session_id: args.session, reason: args.reason };
        const view = await client.post<TrainingStatusView>(`/api/v1/training/${command}`, body);
        show(context, args, view, trainingLine);
      }),
  };
}

export function sessionsCommand(context: CliContext): CommandModule<object, ListArgs> {
  return {
    command: "sessions",
    describe: "List the sessions that wait, run and have ended, newest first",
    builder: (yargs) =>
      clientOptions(yargs, context)
        .option("status", { type: "string", describe: "Only those with this status, such as queued" })
        .option("limit", { type: "number", describe: "At most so many" })
        .option("cursor", { type: "string", describe: "Where the page before has ended" }),
    handler: ({ status, limit, cursor, ...args }) =>
      withClient(context, args, async (client) => {
        const query = new URLSearchParams();
        for (const [name, value] of Object.entries({ status, limit, cursor }))
          if (value !== undefined) query.set(name, String(value));
        const path = `/api/v1/training/sessions${query.size === 0 ? "" : `?${query}`}`;
        show(context, args, await client.get<SessionListView>(path), renderSessions);
      }),
  };
}
