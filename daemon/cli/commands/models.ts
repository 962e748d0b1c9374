import { createWriteStream } from "node:fs";
import { access, rename, rm } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import type { CommandModule } from "yargs";
import type { ModelListView } from "../../services/views/models.js";
import type { ApiClient } from "../client.js";
import { type CliContext, type ClientArgs, clientOptions, show, withClient } from "../context.js";
import { UsageError } from "../exit.js";
import { ago, bytes, fixed, shortHash } from "../format.js";
import { table } from "../table.js";

interface DownloadArgs extends ClientArgs {
  readonly id: string;
  readonly out?: string;
  readonly force: boolean;
}

export function modelsCommand(context: CliContext): CommandModule {
  const list: CommandModule<object, ClientArgs> = {
    command: ["list", "$0"],
    describe: "List the models",
    builder: (yargs) => clientOptions(yargs, context),
    handler: (args) =>
      withClient(context, args, async (client) => {
        show(context, args, await client.get<ModelListView>("/api/v1/models"), renderModels);
      }),
  };
  const download: CommandModule<object, DownloadArgs> = {
    command: "download <id>",
    describe: "Save a model's checkpoint (a tar archive) to a file",
    builder: (yargs) =>
      clientOptions(yargs, context)
        .positional("id", {
          type: "string",
          demandOption: true,
          describe: "A session's id, or session@height",
        })
        .option("out", {
          type: "string",
          describe: "File to write; - for standard output. Default: the model's name",
        })
        .option("force", { type: "boolean", default: false, describe: "Overwrite the file" }),
    handler: (args) => withClient(context, args, (client) => save(context, client, args)),
  };
  return {
    command: "models",
    describe: "List models and download checkpoints",
    builder: (yargs) => yargs.command(list).command(download),
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
  ];
  const rows = models.map((m) => [
    m.id,
    m.status,
    m.height,
    shortHash(m.model_hash),
    bytes(m.bytes),
    m.type,
    m.dataset,
    fixed(m.loss, 3),
    fixed(m.validation?.loss ?? null, 3),
    m.available ? "yes" : "no",
    ago(m.created_at),
  ]);
  return table(header, rows);
}

async function save(
  { io }: CliContext,
  client: ApiClient,
  { id, out, force, json }: DownloadArgs,
): Promise<void> {
  const { body, filename } = await client.download(`/api/v1/models/${encodeURIComponent(id)}/download`);
  if (out === "-") {
    await pipeline(body, process.stdout);
    return;
  }
  // The node names the file, but not the folder.
  const file = resolve(out ?? basename(filename ?? `${id}.tar`));
  if (!force && (await exists(file))) {
    body.destroy();
    throw new UsageError(
      `${file} exists already`,
      "choose another name with --out, or overwrite it with --force",
    );
  }
  const part = `${file}.part`;
  try {
    await pipeline(body, createWriteStream(part));
    await rename(part, file);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
  io.out(json ? JSON.stringify({ file }) : `saved ${file}`);
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
