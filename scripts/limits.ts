/** docs/LIMITS.md, made from the constants and the comments that stand above them. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as control from "../consensus/control/index.js";
import * as votes from "../consensus/votes/index.js";
import { API_LIMITS } from "../daemon/api/limits.js";
import * as protocol from "../protocol/limits.js";
import * as datasets from "../training/datasets/limits.js";

interface Source {
  readonly title: string;
  /** Files whose comments are read, from the root of the repository. */
  readonly files: readonly string[];
  readonly values: Readonly<Record<string, unknown>>;
}

const SOURCES: readonly Source[] = [
  { title: "Between nodes", files: ["protocol/limits.ts"], values: { ...protocol } },
  {
    title: "What is agreed on",
    files: ["consensus/votes/schemas.ts", "consensus/control/commands.ts", "consensus/control/state.ts"],
    values: { ...votes, ...control },
  },
  { title: "Datasets", files: ["training/datasets/limits.ts"], values: { ...datasets } },
  { title: "HTTP API", files: ["daemon/api/limits.ts"], values: { ...API_LIMITS } },
];

/** @throws Error when a limit has no comment */
export function limitsMarkdown(root: string): string {
  const parts = [
    "# Limits",
    "",
    "Every queue, buffer, message and retry has a bound. This page is made from the constants in the code by",
    "`npm run fix:docs`; a test tells when it is out of date. Bounds of settings stand in CONFIGURATION.md, the bounds of",
    "each gossip topic and stream in PROTOCOL.md.",
  ];
  for (const { title, files, values } of SOURCES) {
    parts.push(
      "",
      `## ${title}`,
      "",
      "| limit | value | what it bounds, and what happens past it |",
      "|---|---|---|",
    );
    for (const file of files) {
      for (const { name, about } of commented(readFileSync(join(root, file), "utf8"))) {
        const value = values[name];
        if (typeof value !== "number") continue;
        parts.push(`| \`${name}\` | ${formatted(name, value)} | ${about} |`);
      }
    }
  }
  return `${parts.join("\n")}\n`;
}

/** Constants and fields with the comment above them; a constant without one takes the comment of its group. */
function commented(source: string): { name: string; about: string }[] {
  const found: { name: string; about: string }[] = [];
  const pattern = /\/\*\*((?:[^*]|\*(?!\/))*)\*\/\s*\n\s*(?:export const )?([A-Za-z_0-9]+)\s*[=:]/g;
  for (const [, comment = "", name = ""] of source.matchAll(pattern)) {
    const about = comment
      .replace(/\n\s*\*\s?/g, " ")
      .replaceAll("|", "\\|")
      .trim();
    found.push({ name, about });
  }
  return found;
}

function formatted(name: string, value: number): string {
  const unit = name.replace(/_(MAX|MIN)$/, "");
  if (/(_BYTES|Bytes)$/.test(unit)) return bytes(value);
  if (/(_MS|Ms)$/.test(unit)) return value % 1000 === 0 ? `${value / 1000} s` : `${value} ms`;
  return value.toLocaleString("en-US");
}

function bytes(value: number): string {
  if (value % 2 ** 20 === 0) return `${value / 2 ** 20} MiB`;
  return value % 1024 === 0 ? `${value / 1024} KiB` : `${value} bytes`;
}
