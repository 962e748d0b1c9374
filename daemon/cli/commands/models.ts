import type { CommandModule } from "yargs";
import type { ModelListView, ModelView } from "../../services/views/models.js";
import { type CliContext, type ClientArgs, clientOptions, show, withClient } from "../context.js";
import { ago, bytes, fixed, shortHash } from "../format.js";
import { modelChanges } from "../model_changes.js";
import { downloadCommand, uploadCommand } from "../model_files.js";
import { lineageCommand } from "../model_lineage.js";
import { MODEL_ID, renderModel } from "../model_text.js";
import { table } from "../table.js";

interface IdArgs extends ClientArgs {
  readonly id: string;
}

export function modelsCommand(context: CliContext): CommandModule {
  const list: CommandModule<object, ClientArgs> = {
    command: ["list", "$0"],
    describe: "List the models",
    builder: (yargs) => clientOptions(yargs, context),
    handler: (args) =>
      withClient(context, args, async (client) => {
        // More than the sessions and models that a swarm keeps.
        show(context, args, await client.get<ModelListView>("/api/v1/models?limit=500"), renderModels);
      }),
  };
  const one: CommandModule<object, IdArgs> = {
    command: "show <id>",
    describe: "Show one model",
    builder: (yargs) =>
      clientOptions(yargs, context).positional("id", {
        type: "string",
        demandOption: true,
        describe: MODEL_ID,
      }),
    handler: (args) =>
      withClient(context, args, async (client) => {
        const path = `/api/v1/models/${encodeURIComponent(args.id)}`;
        show(context, args, await client.get<ModelView>(path), renderModel);
      }),
  };
  return {
    command: "models",
    describe: "List, save, load, upload, download and delete models",
    builder: (yargs) => {
      const commands = [list, one, downloadCommand(context), uploadCommand(context), lineageCommand(context)];
      for (const command of [...commands, ...modelChanges(context)]) yargs.command(command as CommandModule);
      return yargs;
    },
    handler: () => {},
  };
}

function renderModels({ models }: ModelListView): string {
  if (models.length === 0) return "no models yet";
  const header = [
    "id",
    "status",
    "height",
    "version",
    "size",
    "type",
    "dataset",
    "loss",
    "validation",
    "here",
    "started",
    "name",
  ];
  const rows = models.map((m) => [
    m.id,
    m.status ?? m.kind,
    m.height,
    shortHash(m.model_hash),
    bytes(m.bytes),
    m.type,
    m.dataset,
    fixed(m.loss, 3),
    fixed(m.validation?.loss ?? null, 3),
    m.available ? "yes" : "no",
    ago(m.created_at),
    m.name,
  ]);
  return table(header, rows);
}
