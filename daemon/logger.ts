/** The node's log: one JSON object a line on stdout for machines, or text on stderr for people. */
import type { Writable } from "node:stream";
import { type Logger, pino } from "pino";
import { prettyFactory } from "pino-pretty";
import type { Config } from "./config/schema.js";
import { LogSink } from "./log_sink.js";

export type { Logger } from "pino";

/** Whatever is logged under these names, at the top or one level down, never shows. */
const SECRETS = [
  "jwtSecret",
  "password",
  "secret",
  "token",
  "authorization",
  "cookie",
  "privateKey",
  "identity",
  "swarmKey",
];

export interface LogStreams {
  /** The process' own by default. */
  readonly stdout?: Writable;
  readonly stderr?: Writable;
  readonly isTerminal?: boolean;
}

export function createLogger({ level, format }: Config["logging"], streams: LogStreams = {}): Logger {
  const isTerminal = streams.isTerminal ?? Boolean(process.stderr.isTTY && process.stdout.isTTY);
  const options = {
    level,
    base: undefined,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: { paths: SECRETS.flatMap((name) => [name, `*.${name}`]), censor: "(not shown)" },
  };
  const asJson = format === "json" || (format === "auto" && !isTerminal);
  const stream = asJson ? (streams.stdout ?? process.stdout) : (streams.stderr ?? process.stderr);
  const sink = new LogSink(stream, (lines) => {
    logger.warn({ lines }, "log lines were dropped: whoever reads the log did not keep up");
  });
  const logger: Logger = pino(options, asJson ? sink : prettified(sink, isTerminal));
  return logger;
}

function prettified(sink: LogSink, isTerminal: boolean): { write(line: string): void } {
  const prettify = prettyFactory({
    colorize: isTerminal && process.env.NO_COLOR === undefined,
    translateTime: "SYS:HH:MM:ss",
    ignore: "pid,hostname",
  });
  return { write: (line) => sink.write(prettify(line)) };
}
