import type { CommandModule } from "yargs";
import type { LoginView } from "../../services/views/auth.js";
import { apiUrl } from "../api_url.js";
import { type CliContext, type ClientArgs, clientOptions, withClient, withClientOf } from "../context.js";
import { credentialsFile, forgetLogin, keepLogin, keptLogin } from "../credentials.js";
import { passwordFrom } from "../password.js";

interface LoginArgs extends ClientArgs {
  readonly username: string;
}

export function loginCommand(context: CliContext): CommandModule<object, LoginArgs> {
  return {
    command: "login [username]",
    describe: "Log in at a node, and keep the token for later commands",
    builder: (yargs) =>
      clientOptions(yargs, context).positional("username", {
        type: "string",
        default: "admin",
        describe: "Who you are; the password is asked for, or read from $NCRSH_SWARM_PASSWORD",
      }),
    handler: async (args) => {
      const { io } = context;
      const { username } = args;
      const password = await passwordFrom(io, `password of ${username}: `);
      const url = apiUrl(args.api);
      await withClientOf(args, null, async (client) => {
        const login = await client.post<LoginView>("/api/v1/auth/login", { username, password });
        await keepLogin(io.env, url, login);
        const { role, expires_at } = login;
        const path = credentialsFile(io.env);
        if (args.json) io.out(JSON.stringify({ username, role, expires_at, file: path }));
        else io.out(`logged in as ${username} (${role}) until ${expires_at}; the token is in ${path}`);
      });
    },
  };
}

export function logoutCommand(context: CliContext): CommandModule<object, ClientArgs> {
  return {
    command: "logout",
    describe: "End the login that `login` has kept, on every node",
    builder: (yargs) => clientOptions(yargs, context),
    handler: async (args) => {
      const { io } = context;
      const url = apiUrl(args.api);
      const kept = await keptLogin(io.env, url);
      if (kept === null) return io.out(`nobody is logged in at ${url}`);
      await withClient(context, args, async (client) => {
        // The command may just have renewed the token.
        const now = await keptLogin(io.env, url);
        if (now !== null)
          await client.postForNothing("/api/v1/auth/logout", { refresh_token: now.refresh_token });
      });
      await forgetLogin(io.env, url);
      io.out(`${kept.username} is logged out at ${url}`);
    },
  };
}
