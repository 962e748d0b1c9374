/** Models as files: saved from a node, and brought to one. */
import { createReadStream, createWriteStream } from "node:fs";
import { access, rename, rm, stat } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import type { CommandModule } from "yargs";
import type { ModelView } from "../services/views/models.js";
import type { ApiClient } from "./client.js";
import { type CliContext, type ClientArgs, clientOptions, show, withClient } from "./context.js";
import { UsageError } from "./exit.js";
import { MODEL_ID, renderModel } from "./model_text.js";

interface DownloadArgs extends ClientArgs {
  readonly id: string;
  readonly out?: string;
  readonly force: boolean;
  readonly format: "tar" | "safetensors";
}

interface UploadArgs extends ClientArgs {
  readonly file: string;
  readonly name?: string;
  readonly tag?: string[];
  readonly like?: string;
}

export function downloadCommand(context: CliContext): CommandModule<object, DownloadArgs> {
  return {
    command: "download <id>",
    describe: "Save a model to a file",
    builder: (yargs) =>
      clientOptions(yargs, context)
        .positional("id", { type: "string", demandOption: true, describe: MODEL_ID })
        .option("format", {
          choices: ["tar", "safetensors"] as const,
          default: "tar" as const,
          describe: "A whole checkpoint with its history, or the weights alone",
        })
        .option("out", {
          type: "string",
          describe: "File to write; - for standard output. Default: the model's name",
        })
        .option("force", { type: "boolean", default: false, describe: "Overwrite the file" }),
    handler: (args) => withClient(context, args, (client) => save(context, client, args)),
  };
}

export function uploadCommand(context: CliContext): CommandModule<object, UploadArgs> {
  return {
    command: "upload <file>",
    describe: "Bring a checkpoint (.tar) or weights (.safetensors) to the swarm",
    builder: (yargs) =>
      clientOptions(yargs, context)
        .positional("file", { type: "string", demandOption: true, describe: "What to upload" })
        .option("name", { type: "string", describe: "What it is to be called" })
        .option("tag", { type: "string", array: true, describe: "Marks it, as KEY or KEY=VALUE" })
        .option("like", {
          type: "string",
          describe: "A model of the same kind, for weights that do not say what they are",
        }),
    handler: (args) =>
      withClient(context, args, async (client) => {
        show(context, args, await upload(client, args), renderModel);
      }),
  };
}

/** `key=value` for each; a comma would part them. */
export function tagsOf(tags: readonly string[] = []): Record<string, string> {
  return Object.fromEntries(
    tags.map((tag) => {
      const at = tag.indexOf("=");
      return at < 0 ? [tag, ""] : [tag.slice(0, at), tag.slice(at + 1)];
    }),
  );
}

async function upload(client: ApiClient, { file, name, tag = [], like }: UploadArgs): Promise<ModelView> {
  const found = await stat(file).catch((error: Error) => {
    throw new UsageError(`${file} cannot be read: ${error.message}`, "name a .tar or a .safetensors file");
  });
  const comma = tag.find((text) => text.includes(","));
  if (comma !== undefined)
    throw new UsageError(`--tag ${comma} has a comma`, "give each tag a --tag of its own");
  const query = new URLSearchParams();
  if (name !== undefined) query.set("name", name);
  if (tag.length > 0) query.set("tags", tag.join(","));
  if (like !== undefined) query.set("like", like);
  const type = file.endsWith(".tar") ? "application/x-tar" : "application/octet-stream";
  return client.upload<ModelView>(`/api/v1/models/upload?${query}`, createReadStream(file), type, found.size);
}

async function save(
  { io }: CliContext,
  client: ApiClient,
  { id, out, force, json, format }: DownloadArgs,
): Promise<void> {
  const path = `/api/v1/models/${encodeURIComponent(id)}/download?format=${format}`;
  const { body, filename } = await client.download(path);
  if (out === "-") {
    await pipeline(body, process.stdout);
    return;
  }
  // The node names the file, but not the folder.
  const file = resolve(out ?? basename(filename ?? `${id}.${format}`));
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
