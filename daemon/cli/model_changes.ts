/** What the swarm decides about its models: one is saved, begins a session, or goes. */
import type { CommandModule } from "yargs";
import type { ModelDeletedView, ModelLoadedView, ModelView } from "../services/views/models.js";
import { type CliContext, type ClientArgs, clientOptions, show, withClient } from "./context.js";
import { tagsOf } from "./model_files.js";
import { renderModel } from "./model_text.js";

interface SaveArgs extends ClientArgs {
  readonly name?: string;
  readonly tag?: string[];
  readonly session?: string;
  readonly height?: number;
}

interface LoadArgs extends ClientArgs {
  readonly id: string;
  readonly rounds?: number;
}

interface DeleteArgs extends ClientArgs {
  readonly id: string;
}

const STORED = "Id or name of a saved or uploaded model";

export function modelChanges(context: CliContext): CommandModule[] {
  const save: CommandModule<object, SaveArgs> = {
    command: "save",
    describe: "Keep a version under a name",
    builder: (yargs) =>
      clientOptions(yargs, context)
        .option("name", { type: "string", describe: "What it is to be called" })
        .option("tag", { type: "string", array: true, describe: "Marks it, as KEY or KEY=VALUE" })
        .option("session", { type: "string", describe: "Default: the running session, else the last" })
        .option("height", { type: "number", describe: "Default: its last version" }),
    handler: (args) =>
      withClient(context, args, async (client) => {
        const { name, tag, session, height } = args;
        const request = { name, tags: tagsOf(tag), session_id: session, height };
        show(context, args, await client.post<ModelView>("/api/v1/models/save", request), renderModel);
      }),
  };
  const load: CommandModule<object, LoadArgs> = {
    command: "load <id>",
    describe: "Begin a session with a saved or uploaded model",
    builder: (yargs) =>
      clientOptions(yargs, context)
        .positional("id", { type: "string", demandOption: true, describe: STORED })
        .option("rounds", { type: "number", describe: "Versions after which the session ends" }),
    handler: (args) =>
      withClient(context, args, async (client) => {
        const request = { model_id: args.id, rounds: args.rounds };
        const view = await client.post<ModelLoadedView>("/api/v1/models/load", request);
        show(context, args, view, ({ session_id }) => `session ${session_id} begins with ${args.id}`);
      }),
  };
  const remove: CommandModule<object, DeleteArgs> = {
    command: "delete <id>",
    describe: "Forget a saved or uploaded model",
    builder: (yargs) =>
      clientOptions(yargs, context).positional("id", {
        type: "string",
        demandOption: true,
        describe: STORED,
      }),
    handler: (args) =>
      withClient(context, args, async (client) => {
        const path = `/api/v1/models/${encodeURIComponent(args.id)}`;
        const view = await client.delete<ModelDeletedView>(path);
        show(context, args, view, ({ model_id }) => `deleted ${model_id}`);
      }),
  };
  return [save, load, remove] as CommandModule[];
}
