/** How a command ends: a number for scripts, one clear message for people. */
import { DaemonError, type DaemonErrorCode } from "../errors.js";

export const EXIT = {
  ok: 0,
  failure: 1,
  /** The command line or the configuration is wrong. */
  usage: 2,
  /** No node answers. */
  unreachable: 3,
  /** The node refused, or does not have what was asked for. */
  refused: 4,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** The command line is wrong. */
export class UsageError extends Error {
  override readonly name = "UsageError";

  constructor(
    message: string,
    readonly hint: string | null = null,
  ) {
    super(message);
  }
}

const CODES: Partial<Record<DaemonErrorCode, ExitCode>> = {
  CONFIG_INVALID: EXIT.usage,
  BIND_REFUSED: EXIT.usage,
  TLS_UNUSABLE: EXIT.usage,
  NODE_UNREACHABLE: EXIT.unreachable,
  API_REFUSED: EXIT.refused,
  RECOVERY_REFUSED: EXIT.refused,
};

export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof UsageError) return EXIT.usage;
  if (error instanceof DaemonError) return CODES[error.code] ?? EXIT.failure;
  return EXIT.failure;
}

export function hintOf(error: unknown): string | null {
  if (error instanceof UsageError) return error.hint;
  if (error instanceof DaemonError && typeof error.facts.hint === "string") return error.facts.hint;
  return null;
}
