/** Where commands write and read: the process' own streams, or a test's. */
export interface Io {
  /** One line (or several) of the command's result. */
  out(text: string): void;
  /** What is not the result: errors, hints, progress. */
  err(text: string): void;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Asks for what must not be seen on the terminal, or reads the first line of a pipe. */
  readonly secret?: (question: string) => Promise<string>;
}

export const processIo: Io = {
  out: (text) => {
    process.stdout.write(`${text}\n`);
  },
  err: (text) => {
    process.stderr.write(`${text}\n`);
  },
  env: process.env,
  secret: async (question) => (await import("./ask_secret.js")).askSecret(question),
};

/**
 * Text as it may go to a terminal. Names and reasons come from other people's nodes: control characters in them could
 * move the cursor, recolor or retitle the window.
 */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (c) => (c === "\n" ? c : "\u{fffd}"));
}
