/** Files piece by piece: UTF-8 text, and lines of bounded length. */
import { createReadStream } from "node:fs";
import { reasonOf, unreadable } from "./errors.js";
import { LINE_CHARACTERS_MAX } from "./limits.js";

/** @throws TrainingError `DATASET_UNREADABLE` when the file cannot be read or is not UTF-8 */
export async function* textOf(path: string, dataset: string): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const stream = createReadStream(path, { highWaterMark: 1024 * 1024 });
  try {
    for await (const bytes of stream as AsyncIterable<Uint8Array>)
      yield decoder.decode(bytes, { stream: true });
    yield decoder.decode();
  } catch (error) {
    const code =
      error instanceof TypeError ? "it is not UTF-8 text" : `cannot read ${path}: ${reasonOf(error)}`;
    throw unreadable(dataset, code, error);
  } finally {
    stream.destroy();
  }
}

/** Lines without their ends (`\n` or `\r\n`); a last line that is empty is left out. */
export async function* linesOf(path: string, dataset: string): AsyncGenerator<string> {
  let rest = "";
  for await (const piece of textOf(path, dataset)) {
    const lines = (rest + piece).split("\n");
    rest = lines.pop() ?? "";
    if (rest.length > LINE_CHARACTERS_MAX) {
      throw unreadable(dataset, `a line has more than ${LINE_CHARACTERS_MAX} characters`);
    }
    for (const line of lines) yield trimEnd(line);
  }
  if (rest !== "") yield trimEnd(rest);
}

const trimEnd = (line: string): string => (line.endsWith("\r") ? line.slice(0, -1) : line);
