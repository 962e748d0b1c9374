/** sdk/cases.json, which every SDK is tested by. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { repositoryRoot } from "../../../scripts/lib/repository_root.js";

export interface Case {
  readonly name: string;
  readonly method: string;
  readonly as?: string;
  readonly token?: string;
  readonly args?: Readonly<Record<string, unknown>>;
  readonly save?: Readonly<Record<string, string>>;
  readonly within_seconds?: number;
  readonly take?: number;
  readonly until?: Readonly<Record<string, unknown>>;
  readonly download?: boolean;
  readonly upload?: string;
  readonly expect: { readonly error?: string; readonly fields?: Readonly<Record<string, unknown>> };
}

export interface CaseFile {
  readonly cases: readonly Case[];
  /** Operations that no case calls, with the reason. */
  readonly not_called: Readonly<Record<string, string>>;
}

export function sharedCases(): CaseFile {
  return JSON.parse(readFileSync(join(repositoryRoot(), "sdk/cases.json"), "utf8")) as CaseFile;
}
