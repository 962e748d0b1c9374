import type { Argv, CommandModule } from "yargs";
import type { UserDeletedView, UserListView, UserView } from "../../services/views/auth.js";
import { type CliContext, type ClientArgs, clientOptions, show, withClient } from "../context.js";
import { UsageError } from "../exit.js";
import { ago } from "../format.js";
import { passwordFrom } from "../password.js";
import { table } from "../table.js";

const ROLES = ["viewer", "operator", "admin"] as const;

interface UserArgs extends ClientArgs {
  readonly username: string;
}
interface CreateArgs extends UserArgs {
  readonly role: (typeof ROLES)[number];
}
interface SetArgs extends UserArgs {
  readonly role?: (typeof ROLES)[number];
  readonly password: boolean;
}

export function userCommand(context: CliContext): CommandModule {
  const options = <T>(yargs: Argv<T>) =>
    clientOptions(yargs, context).positional("username", {
      type: "string",
      demandOption: true,
      describe: "Their name",
    });
  const list: CommandModule<object, ClientArgs> = {
    command: ["list", "$0"],
    describe: "List the users",
    builder: (yargs) => clientOptions(yargs, context),
    handler: (args) =>
      withClient(context, args, async (client) =>
        show(context, args, await client.get<UserListView>("/api/v1/auth/users"), renderList),
      ),
  };
  const create: CommandModule<object, CreateArgs> = {
    command: "create <username>",
    describe: "Create a user; the password is asked for, or read from $NCRSH_SWARM_PASSWORD",
    builder: (yargs) =>
      options(yargs).option("role", { choices: ROLES, default: ROLES[0], describe: "What they may do" }),
    handler: async (args) => {
      const { username, role } = args;
      const password = await passwordFrom(context.io, `password for ${username}: `);
      await withClient(context, args, async (client) => {
        const view = await client.post<UserView>("/api/v1/auth/users", { username, password, role });
        show(context, args, view, (user) => `${user.username} may log in as ${user.role}`);
      });
    },
  };
  const set: CommandModule<object, SetArgs> = {
    command: "set <username>",
    describe: "Change a user's role, or their password, which ends their logins",
    builder: (yargs) =>
      options(yargs)
        .option("role", { choices: ROLES, describe: "What they may do from now on" })
        .option("password", {
          type: "boolean",
          default: false,
          describe: "Ask for a new password; so it is too without --role",
        }),
    handler: async (args) => {
      const { username, role } = args;
      const asks = args.password || role === undefined;
      const password = asks ? await passwordFrom(context.io, `new password for ${username}: `) : undefined;
      await withClient(context, args, async (client) => {
        const view = await client.put<UserView>(pathOf(username), { password, role });
        show(context, args, view, (user) => `${user.username} is ${user.role}`);
      });
    },
  };
  const remove: CommandModule<object, UserArgs> = {
    command: "delete <username>",
    describe: "Delete a user; their tokens end with them",
    builder: options,
    handler: (args) =>
      withClient(context, args, async (client) => {
        const view = await client.delete<UserDeletedView>(pathOf(args.username));
        show(context, args, view, ({ username }) => `${username} is no user any more`);
      }),
  };
  return {
    command: "user",
    describe: "Who may log in, and what they may do",
    builder: (yargs) => yargs.command(list).command(create).command(set).command(remove),
    handler: () => {},
  };
}

function pathOf(username: string): string {
  if (username === "") throw new UsageError("the name is empty");
  return `/api/v1/auth/users/${encodeURIComponent(username)}`;
}

function renderList({ users }: UserListView): string {
  if (users.length === 0) return "there are no users";
  return table(
    ["name", "role", "created"],
    users.map((user) => [user.username, user.role, ago(user.created_at)]),
  );
}
