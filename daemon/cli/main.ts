/** The command line: parses, runs one command, and turns whatever happens into an exit code and a clear message. */
import yargs, { type Argv } from "yargs";
import { nearest } from "../config/nearest.js";
import { auditCommand } from "./commands/audit.js";
import { consensusCommand } from "./commands/consensus.js";
import { initCommand } from "./commands/init.js";
import { keyCommand } from "./commands/key.js";
import { loginCommand, logoutCommand } from "./commands/login.js";
import { modelsCommand } from "./commands/models.js";
import { nodesCommand } from "./commands/nodes.js";
import { settingsCommand } from "./commands/settings.js";
import { startCommand } from "./commands/start.js";
import { statusCommand } from "./commands/status.js";
import { trainCommand } from "./commands/train.js";
import { userCommand } from "./commands/user.js";
import { versionCommand } from "./commands/version.js";
import type { CliContext, StopRequest } from "./context.js";
import { EXIT, type ExitCode, exitCodeOf, hintOf, UsageError } from "./exit.js";
import { type Io, printable } from "./io.js";
import { packageVersion } from "./package_version.js";

const NAME = "ncrsh-swarm";

/** @returns the exit code; the process itself is left alone */
export async function main(argv: readonly string[], io: Io, stop: StopRequest): Promise<ExitCode> {
  const context: CliContext = { io, exitCode: EXIT.ok, stop };
  try {
    await parserOf(context, argv).parseAsync();
    return context.exitCode;
  } catch (error) {
    report(error, argv, io);
    return exitCodeOf(error);
  }
}

function parserOf(context: CliContext, argv: readonly string[]): Argv {
  const parser = yargs([...argv])
    .scriptName(NAME)
    .usage("$0 <command>\n\nTrains neural networks on machines that nobody coordinates.")
    .locale("en")
    .parserConfiguration({ "camel-case-expansion": false, "dot-notation": false, "strip-aliased": true })
    .option("verbose", { type: "boolean", default: false, describe: "Show where an error came from" })
    .command(startCommand(context))
    .command(initCommand(context))
    .command(trainCommand(context))
    .command(statusCommand(context))
    .command(nodesCommand(context))
    .command(modelsCommand(context))
    .command(consensusCommand(context))
    .command(settingsCommand(context))
    .command(loginCommand(context))
    .command(logoutCommand(context))
    .command(userCommand(context))
    .command(keyCommand(context))
    .command(auditCommand(context))
    .command(versionCommand(context))
    .completion("completion", "Print a script that completes commands and flags in bash or zsh")
    .check((args) => checkValues(args, argv, parser))
    .demandCommand(1, "say what to do")
    .strict()
    .version(packageVersion())
    .help()
    .alias("help", "h")
    .wrap(Math.min(110, process.stdout.columns ?? 110))
    .exitProcess(false)
    .epilogue(
      "Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 3 no node answers, 4 the node refused.",
    );
  return parser.fail((message, error) => {
    throw error ?? usageError(message, parser);
  });
}

/** What yargs lets through: a number that is none, a single value given twice, a switch set to a word it does not know. */
function checkValues(args: Readonly<Record<string, unknown>>, argv: readonly string[], parser: Argv): true {
  const switches = internals(parser).boolean ?? [];
  for (const arg of argv) {
    const [, name = "", value = ""] = /^--([^=]+)=(.*)$/s.exec(arg) ?? [];
    if (switches.includes(name) && value !== "true" && value !== "false")
      throw new UsageError(`--${name}=${value}: it takes true or false, or stands alone`);
  }
  const lists = new Set(["_", ...(internals(parser).array ?? [])]);
  // The settings of a node are checked where they are loaded, together with those of file and environment.
  const repeatable = TAKES_SETTINGS.includes((args._ as unknown[]).join(" "));
  for (const [name, value] of Object.entries(args)) {
    if (Number.isNaN(value)) throw new UsageError(`--${name} takes a number`);
    if (Array.isArray(value) && !repeatable && !lists.has(name))
      throw new UsageError(`--${name} is given more than once`);
  }
  return true;
}

/** yargs' complaint, with what was probably meant. */
function usageError(message: string, instance: Argv): UsageError {
  const unknown = /^Unknown (?:argument|command)s?: (.+)$/.exec(message)?.[1]?.split(", ") ?? [];
  const known = [...Object.keys(internals(instance).key ?? {}), ...COMMANDS];
  const meant = unknown.flatMap((word) => {
    const candidate = nearest(word.replace(/^-+/, ""), known);
    return candidate === null ? [] : [COMMANDS.includes(candidate) ? candidate : `--${candidate}`];
  });
  const hint = meant.length > 0 ? `did you mean ${meant.join(", ")}?` : `see ${NAME} --help`;
  return new UsageError(message, hint);
}

const TAKES_SETTINGS = ["start", "consensus recover"];

const COMMANDS = [
  "start",
  "init",
  "train",
  "status",
  "nodes",
  "models",
  "consensus",
  "settings",
  "login",
  "logout",
  "user",
  "key",
  "audit",
  "version",
  "completion",
];

interface Internals {
  readonly key?: Readonly<Record<string, unknown>>;
  readonly array?: readonly string[];
  readonly boolean?: readonly string[];
}

/** What yargs has registered so far; not in its published types, but part of its interface since its first versions. */
function internals(instance: Argv): Internals {
  const { getOptions } = instance as Argv & { getOptions?: () => Internals };
  return getOptions?.call(instance) ?? {};
}

function report(error: unknown, argv: readonly string[], io: Io): void {
  const message = error instanceof Error ? error.message : String(error);
  io.err(printable(`error: ${message}`));
  const hint = hintOf(error);
  if (hint !== null) io.err(printable(`hint:  ${hint}`));
  if (argv.includes("--verbose") && error instanceof Error) {
    for (let at: unknown = error; at instanceof Error; at = at.cause)
      io.err(printable(at.stack ?? at.message));
  }
}
