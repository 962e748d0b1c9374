/** sdk/cases.json, which every SDK is tested by. */
import { existsSync, readFileSync } from "node:fs";

export interface Case {
  readonly name: string;
  readonly method: string;
  readonly args?: Readonly<Record<string, unknown>>;
  readonly save?: Readonly<Record<string, string>>;
  readonly within_seconds?: number;
  readonly take?: number;
  readonly download?: boolean;
  readonly expect: { readonly error?: string; readonly fields?: Readonly<Record<string, unknown>> };
}

export function sharedCases(): readonly Case[] {
  let folder = new URL(".", import.meta.url);
  while (!existsSync(new URL("sdk/cases.json", folder))) {
    const above = new URL("..", folder);
    if (above.href === folder.href) throw new Error("no sdk/cases.json above this test");
    folder = above;
  }
  const file = JSON.parse(readFileSync(new URL("sdk/cases.json", folder), "utf8")) as { cases: Case[] };
  return file.cases;
}
