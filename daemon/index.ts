/** The daemon as a library: start a node from a program instead of the command line. */
export { type Config, loadConfig } from "./config/index.js";
export { DaemonError, type DaemonErrorCode } from "./errors.js";
export { createLogger, type Logger } from "./logger.js";
export { type RunningNode, startNode } from "./node.js";
