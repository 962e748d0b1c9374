#!/usr/bin/env node
/** The program itself: signals, streams and the exit code. Everything else is in `main.ts`. */
import type { StopRequest } from "./context.js";
import { processIo } from "./io.js";
import { main } from "./main.js";

const SIGNALS = { SIGINT: 130, SIGTERM: 143 } as const;

/** One Ctrl-C can arrive twice: from the terminal, and again from npm, timeout or a shell that passes it on. */
const SAME_SIGNAL_MS = 1000;

/** How long the last output may take to be read. */
const FLUSH_MS_MAX = 500;

const request = new AbortController();
let requestedAtMs = 0;
const stop: StopRequest = { signal: request.signal, answered: false, outlivesReader: false };
for (const [signal, exitCode] of Object.entries(SIGNALS)) {
  process.on(signal, () => {
    if (!stop.answered) process.exit(exitCode);
    if (!request.signal.aborted) {
      requestedAtMs = performance.now();
      request.abort();
    } else if (performance.now() - requestedAtMs > SAME_SIGNAL_MS) {
      process.exit(exitCode);
    }
  });
}
// `ncrsh-swarm nodes | head` closes the pipe early, which is no error of ours.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (stop.outlivesReader) return;
  if (error.code !== "EPIPE") throw error;
  process.exit(0);
});
// Nobody reads why the command failed; its exit code still says that it did.
process.stderr.on("error", (error: NodeJS.ErrnoException) => {
  if (!stop.outlivesReader && error.code !== "EPIPE") throw error;
});

process.exitCode = await main(process.argv.slice(2), processIo, stop);
// Output may still be under way; the exit must not cut it off, nor wait for a reader that has stopped. Whatever else is
// open must not delay it.
setTimeout(() => process.exit(), FLUSH_MS_MAX);
process.stdout.write("", () => process.stderr.write("", () => process.exit()));
