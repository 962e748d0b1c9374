import type { CommandModule } from "yargs";
import type { ApiKeyCreatedView, ApiKeyDeletedView, ApiKeyListView } from "../../services/views/auth.js";
import { type CliContext, type ClientArgs, clientOptions, show, withClient } from "../context.js";
import { ago } from "../format.js";
import { table } from "../table.js";

const ROLES = ["viewer", "operator", "admin"] as const;

interface KeyArgs extends ClientArgs {
  readonly name: string;
}
interface CreateArgs extends KeyArgs {
  readonly role: (typeof ROLES)[number];
  readonly expires?: string;
}

export function keyCommand(context: CliContext): CommandModule {
  const name = { type: "string", demandOption: true, describe: "Its name" } as const;
  const list: CommandModule<object, ClientArgs> = {
    command: ["list", "$0"],
    describe: "List the API keys",
    builder: (yargs) => clientOptions(yargs, context),
    handler: (args) =>
      withClient(context, args, async (client) =>
        show(context, args, await client.get<ApiKeyListView>("/api/v1/auth/keys"), renderList),
      ),
  };
  const create: CommandModule<object, CreateArgs> = {
    command: "create <name>",
    describe: "Create an API key and print it, this once",
    builder: (yargs) =>
      clientOptions(yargs, context)
        .positional("name", name)
        .option("role", { choices: ROLES, default: ROLES[0], describe: "What it may do" })
        .option("expires", { type: "string", describe: "After which time, such as 720h; left out: never" }),
    handler: (args) =>
      withClient(context, args, async (client) => {
        const body = { name: args.name, role: args.role, expires_in: args.expires };
        show(
          context,
          args,
          await client.post<ApiKeyCreatedView>("/api/v1/auth/keys", body),
          ({ key }) => key,
        );
      }),
  };
  const remove: CommandModule<object, KeyArgs> = {
    command: "delete <name>",
    describe: "Delete an API key; it counts no more",
    builder: (yargs) => clientOptions(yargs, context).positional("name", name),
    handler: (args) =>
      withClient(context, args, async (client) => {
        const path = `/api/v1/auth/keys/${encodeURIComponent(args.name)}`;
        const view = await client.delete<ApiKeyDeletedView>(path);
        show(context, args, view, (deleted) => `${deleted.name} is no API key any more`);
      }),
  };
  return {
    command: "key",
    describe: "API keys for machines",
    builder: (yargs) => yargs.command(list).command(create).command(remove),
    handler: () => {},
  };
}

function renderList({ keys }: ApiKeyListView): string {
  if (keys.length === 0) return "there are no API keys";
  return table(
    ["name", "role", "created", "expires"],
    keys.map((key) => [key.name, key.role, ago(key.created_at), key.expires_at ?? "never"]),
  );
}
