import type { Readable } from "node:stream";

/** A longer line is cut here: what a child writes must not fill the parent's memory. */
const LINE_CHARACTERS_MAX = 4096;

/** Calls `onLine` for every line of the stream that is not empty. */
export function readLines(stream: Readable, onLine: (line: string) => void): void {
  let rest = "";
  const emit = (line: string) => {
    const text = line.slice(0, LINE_CHARACTERS_MAX).trimEnd();
    if (text !== "") onLine(text);
  };
  stream.setEncoding("utf8");
  stream.on("data", (chunk: string) => {
    const lines = (rest + chunk).split("\n");
    rest = (lines.pop() ?? "").slice(0, LINE_CHARACTERS_MAX);
    for (const line of lines) emit(line);
  });
  stream.on("end", () => emit(rest));
  // A pipe that breaks with its process is no news: the exit is reported by itself.
  stream.on("error", () => {});
}
