/** What every command gets, and the options that all commands that talk to a node share. */
import type { Argv } from "yargs";
import { API_URL_ENV, apiUrl, CA_ENV, DEFAULT_API_URL, readCa } from "./api_url.js";
import type { ApiClient } from "./client.js";
import type { ExitCode } from "./exit.js";
import type { Io } from "./io.js";
import { DATA_DIR_ENV, DEFAULT_DATA_DIR, TOKEN_ENV } from "./token.js";

/** A first signal asks, a second one ends. A command that does not answer to it is ended by the first. */
export interface StopRequest {
  readonly signal: AbortSignal;
  /** Set by a command that watches the signal. */
  answered: boolean;
  /** Set by a command that goes on when nobody reads its output any more. */
  outlivesReader: boolean;
}

export interface CliContext {
  readonly io: Io;
  /** How the process ends when the command does not fail. */
  exitCode: ExitCode;
  readonly stop: StopRequest;
}

export interface ClientArgs {
  readonly api: string;
  readonly token?: string;
  readonly "data-dir": string;
  readonly ca?: string;
  readonly json: boolean;
}

export function clientOptions<T>(yargs: Argv<T>, { io }: CliContext): Argv<T & ClientArgs> {
  return yargs
    .option("api", {
      type: "string",
      default: io.env[API_URL_ENV] || DEFAULT_API_URL,
      defaultDescription: `$${API_URL_ENV} or ${DEFAULT_API_URL}`,
      describe: "The node's HTTP API",
    })
    .option("token", {
      type: "string",
      requiresArg: true,
      describe: `Token or API key, else $${TOKEN_ENV}, what "login" has kept, or the key of a node on this machine`,
    })
    .option("data-dir", {
      type: "string",
      requiresArg: true,
      default: io.env[DATA_DIR_ENV] || DEFAULT_DATA_DIR,
      defaultDescription: `$${DATA_DIR_ENV} or ${DEFAULT_DATA_DIR}`,
      describe: "Data folder of the node on this machine, whose key is taken",
    })
    .option("ca", {
      type: "string",
      requiresArg: true,
      default: io.env[CA_ENV] || undefined,
      defaultDescription: `$${CA_ENV}`,
      describe: "PEM file with the certificate to trust, for a node whose own is self-signed",
    })
    .option("json", { type: "boolean", default: false, describe: "Print the API's answer as it is" }) as Argv<
    T & ClientArgs
  >;
}

/** Runs `use` with a client that is closed afterwards, whatever happens. */
export async function withClient<T>(
  context: CliContext,
  args: ClientArgs,
  use: (client: ApiClient) => Promise<T>,
): Promise<T> {
  const ca = await caOf(args);
  const { tokenFor } = await import("./token_for.js");
  return withClientOf(args, await tokenFor(context.io.env, apiUrl(args.api), args, ca), use);
}

/** @param token null: none is sent */
export async function withClientOf<T>(
  args: Pick<ClientArgs, "api" | "ca">,
  token: string | null,
  use: (client: ApiClient) => Promise<T>,
): Promise<T> {
  // Loaded when it is needed: help and completion answer faster without.
  const { ApiClient } = await import("./client.js");
  const client = new ApiClient(apiUrl(args.api), token, await caOf(args));
  try {
    return await use(client);
  } finally {
    await client.close();
  }
}

async function caOf({ ca }: Pick<ClientArgs, "ca">): Promise<string | null> {
  return ca === undefined ? null : readCa(ca);
}

/** Prints a view: raw for programs, or as `render` shows it to people. */
export function show<V>(
  context: CliContext,
  { json }: ClientArgs,
  view: V,
  render: (view: V) => string,
): void {
  context.io.out(json ? JSON.stringify(view, null, 2) : render(view));
}
