/** What every command gets, and the options that all commands that talk to a node share. */
import type { Argv } from "yargs";
import { API_URL_ENV, apiUrl, CA_ENV, DEFAULT_API_URL, readCa } from "./api_url.js";
import type { ApiClient } from "./client.js";
import type { ExitCode } from "./exit.js";
import type { Io } from "./io.js";

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
  { api, ca }: ClientArgs,
  use: (client: ApiClient) => Promise<T>,
): Promise<T> {
  const url = apiUrl(api);
  // Loaded when it is needed: help and completion answer faster without.
  const { ApiClient } = await import("./client.js");
  const client = new ApiClient(url, ca === undefined ? null : await readCa(ca));
  try {
    return await use(client);
  } finally {
    await client.close();
  }
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
