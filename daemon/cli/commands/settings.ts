import type { Argv, CommandModule } from "yargs";
import type { SettingDeletedView, SettingListView, SettingView } from "../../services/views/settings.js";
import { type CliContext, type ClientArgs, clientOptions, show, withClient } from "../context.js";
import { UsageError } from "../exit.js";
import { ago, shortPeer } from "../format.js";
import { facts, table } from "../table.js";
import { watchSettings } from "../watch_settings.js";

interface ReadArgs extends ClientArgs {
  readonly local: boolean;
}

interface GetArgs extends ReadArgs {
  readonly key: string;
}

interface DeleteArgs extends ClientArgs {
  readonly key: string;
  readonly "if-revision"?: number;
}

interface SetArgs extends DeleteArgs {
  readonly value: string;
  readonly text: boolean;
  readonly "if-absent": boolean;
}

interface WatchArgs extends ClientArgs {
  readonly key?: string;
}

export function settingsCommand(context: CliContext): CommandModule {
  const list: CommandModule<object, ReadArgs> = {
    command: ["list", "$0"],
    describe: "List what is set, and what can be",
    builder: (yargs) => readOptions(yargs, context),
    handler: (args) =>
      withClient(context, args, async (client) => {
        const path = `/api/v1/settings${consistencyOf(args)}`;
        show(context, args, await client.get<SettingListView>(path), renderList);
      }),
  };
  const get: CommandModule<object, GetArgs> = {
    command: "get <key>",
    describe: "Print the value of one setting, as JSON",
    builder: (yargs) => withKey(readOptions(yargs, context)),
    handler: (args) =>
      withClient(context, args, async (client) => {
        const view = await client.get<SettingView>(`${pathOf(args.key)}${consistencyOf(args)}`);
        show(context, args, view, ({ value }) => JSON.stringify(value));
      }),
  };
  const set: CommandModule<object, SetArgs> = {
    command: "set <key> <value>",
    describe: "Set it for the whole swarm",
    builder: (yargs) =>
      withRevision(withKey(clientOptions(yargs, context)))
        .positional("value", {
          type: "string",
          demandOption: true,
          describe: "JSON; what is not JSON is taken as a text",
        })
        .option("text", {
          type: "boolean",
          default: false,
          describe: "Take the value as a text, whatever it is",
        })
        .option("if-absent", {
          type: "boolean",
          default: false,
          describe: "Only if there is none yet",
        })
        .check((args) => {
          if (!args["if-absent"] || args["if-revision"] === undefined) return true;
          throw new UsageError("--if-absent and --if-revision exclude each other");
        }),
    handler: (args) =>
      withClient(context, args, async (client) => {
        const headers = args["if-absent"] ? { "if-none-match": "*" } : conditionOf(args);
        const body = { value: args.text ? args.value : parsedValue(args.value) };
        show(context, args, await client.put<SettingView>(pathOf(args.key), body, headers), renderSet);
      }),
  };
  const remove: CommandModule<object, DeleteArgs> = {
    command: "delete <key>",
    describe: "Delete it: every node's own configuration counts again",
    builder: (yargs) => withRevision(withKey(clientOptions(yargs, context))),
    handler: (args) =>
      withClient(context, args, async (client) => {
        const view = await client.delete<SettingDeletedView>(pathOf(args.key), conditionOf(args));
        show(context, args, view, ({ key }) => `${key} is not set any more`);
      }),
  };
  const watch: CommandModule<object, WatchArgs> = {
    command: "watch [key]",
    describe: "Print what is set, and every change of it",
    builder: (yargs) =>
      clientOptions(yargs, context).positional("key", { type: "string", describe: "Only this one" }),
    handler: (args) => withClient(context, args, (client) => watchSettings(context, client, args)),
  };
  return {
    command: "settings",
    describe: "Read and change what is set for the whole swarm",
    builder: (yargs) => yargs.command(list).command(get).command(set).command(remove).command(watch),
    handler: () => {},
  };
}

function readOptions<T>(yargs: Argv<T>, context: CliContext): Argv<T & ReadArgs> {
  return clientOptions(yargs, context).option("local", {
    type: "boolean",
    default: false,
    describe: "As the node knows it, without asking the swarm's majority",
  }) as Argv<T & ReadArgs>;
}

function withKey<T>(yargs: Argv<T>): Argv<T & { key: string }> {
  return yargs.positional("key", { type: "string", demandOption: true, describe: "Its key" }) as Argv<
    T & { key: string }
  >;
}

function withRevision<T>(yargs: Argv<T>): Argv<T & { "if-revision"?: number }> {
  return yargs.option("if-revision", {
    type: "number",
    describe: "Only if this is its revision still",
  }) as Argv<T & { "if-revision"?: number }>;
}

function pathOf(key: string): string {
  return `/api/v1/settings/${encodeURIComponent(key)}`;
}

function consistencyOf({ local }: ReadArgs): string {
  return local ? "?consistency=local" : "";
}

function conditionOf({ "if-revision": revision }: DeleteArgs): Readonly<Record<string, string>> {
  if (revision === undefined) return {};
  if (!Number.isSafeInteger(revision) || revision < 1)
    throw new UsageError("--if-revision takes a revision, as `settings list` shows it");
  return { "if-match": `"${revision}"` };
}

function parsedValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function renderSet({ key, value, revision }: SettingView): string {
  return `${key} = ${JSON.stringify(value)} (revision ${revision})`;
}

function renderList({ settings, known }: SettingListView): string {
  const rows = settings.map((s) => [
    s.key,
    JSON.stringify(s.value),
    s.revision,
    ago(s.updated_at),
    shortPeer(s.updated_by),
  ]);
  const set = rows.length === 0 ? "nothing is set" : table(["key", "value", "revision", "set", "by"], rows);
  const free = known.filter(({ key }) => !settings.some((s) => s.key === key));
  const can = facts(free.map(({ key, about, allowed }) => [key, `${about} Allowed: ${allowed}.`]));
  return can === "" ? set : `${set}\n\ncan be set too, besides anything under user.:\n${can}`;
}
