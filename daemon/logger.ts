/** The node's log: one JSON object a line on stdout for machines, or text on stderr for people. */
import { type DestinationStream, destination, type Logger, pino } from "pino";
import pretty from "pino-pretty";
import type { Config } from "./config/schema.js";

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
  /** File descriptors by default: writes are done when the call returns, so a crash loses no line. */
  readonly stdout?: DestinationStream;
  readonly stderr?: NodeJS.WritableStream;
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
  if (format === "json" || (format === "auto" && !isTerminal)) {
    return pino(options, streams.stdout ?? destination({ dest: 1, sync: true }));
  }
  const stream = pretty({
    destination: streams.stderr ?? 2,
    sync: true,
    colorize: isTerminal && process.env.NO_COLOR === undefined,
    translateTime: "SYS:HH:MM:ss",
    ignore: "pid,hostname",
  });
  return pino(options, stream);
}
