/** Settings from a YAML file, each with the line it stands on. */
import {
  isAlias,
  isMap,
  isScalar,
  LineCounter,
  type Node,
  type ParsedNode,
  parseDocument,
  visit,
  type YAMLMap,
} from "yaml";
import { errnoOf, nodeFs, readSmallFile } from "../store/store_fs.js";
import type { Given } from "./given.js";
import { nearest } from "./nearest.js";
import type { Problem } from "./problems.js";
import { GROUPS, SPECS, specsOf } from "./schema.js";

const FILE_BYTES_MAX = 2 ** 20;
const YAML_PROBLEMS_MAX = 3;

interface Read {
  readonly given: Given[];
  readonly problems: Problem[];
}

export async function readConfigFile(path: string): Promise<Read> {
  try {
    const bytes = await readSmallFile(nodeFs, path, FILE_BYTES_MAX);
    return readYaml(path, new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    return { given: [], problems: [{ source: path, message: whyUnreadable(error) }] };
  }
}

function whyUnreadable(error: unknown): string {
  const errno = errnoOf(error);
  if (errno === "ENOENT")
    return "there is no such file. `ncrsh-swarm init` writes one with every setting explained.";
  if (errno === "EISDIR") return "is a folder, not a file.";
  if (errno === "ERR_ENCODING_INVALID_ENCODED_DATA") return "is not UTF-8 text.";
  // The parser is recursive: only nesting by the ten thousands gets here.
  if (error instanceof RangeError && /call stack/.test(error.message)) return "is nested too deeply.";
  return `cannot be read: ${error instanceof Error ? error.message : error}.`;
}

export function readYaml(path: string, text: string): Read {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: "silent" });
  const reader = new YamlReader(path, lines);
  // One slip makes the parser complain of everything after it.
  for (const { message, pos } of [...document.errors, ...document.warnings].slice(0, YAML_PROBLEMS_MAX)) {
    reader.problem(pos[0], `is not valid YAML: ${message.replace(/\.?$/, ".")}`);
  }
  visit(document, {
    Alias: (_, alias) => {
      reader.problem(alias.range?.[0], "aliases (*name) are not taken. Write the value out.");
      return visit.BREAK;
    },
  });
  if (reader.problems.length === 0) reader.root(document.contents);
  return reader;
}

class YamlReader implements Read {
  readonly given: Given[] = [];
  readonly problems: Problem[] = [];

  constructor(
    private readonly path: string,
    private readonly lines: LineCounter,
  ) {}

  problem(offset: number | undefined, message: string, setting?: string): void {
    this.problems.push({ source: this.at(offset), message, ...(setting && { setting }) });
  }

  root(contents: ParsedNode | null): void {
    if (contents === null || isEmpty(contents)) return;
    if (!isMap(contents)) {
      this.problem(contents.range[0], `must hold groups such as "api:", each with its settings below.`);
      return;
    }
    for (const { name, offset, value } of entries(contents)) this.group(name, offset, value);
  }

  private group(name: string, offset: number | undefined, value: Node | null): void {
    const group = GROUPS.find((candidate) => candidate.name === name);
    if (!group) {
      const names = GROUPS.map((candidate) => candidate.name);
      const meant = SPECS.find((spec) => spec.key === name)?.path ?? nearest(name, names);
      this.problem(offset, `there is no such group of settings.${didYouMean(meant)}`, name);
    } else if (isMap(value)) {
      for (const entry of entries(value)) this.setting(name, entry.name, entry.offset, entry.value);
    } else if (!isEmpty(value)) {
      this.problem(offset, "must hold settings, one a line, indented below it.", name);
    }
  }

  private setting(group: string, key: string, offset: number | undefined, value: Node | null): void {
    const spec = specsOf(group).find((candidate) => candidate.key === key);
    if (!spec) {
      this.problem(offset, `there is no such setting.${didYouMean(meantBy(group, key))}`, `${group}.${key}`);
    } else if (isEmpty(value)) {
      this.problem(
        offset,
        `has no value. Allowed: ${spec.allowed}. For the default, remove the line.`,
        spec.path,
      );
    } else {
      this.given.push({ spec, value: plain(value), source: this.at(offset) });
    }
  }

  private at(offset: number | undefined): string {
    return offset === undefined ? this.path : `${this.path}:${this.lines.linePos(offset).line}`;
  }
}

/** The same name in another group, or a name like it in this one. */
function meantBy(group: string, key: string): string | null {
  const elsewhere = SPECS.find((spec) => spec.key === key);
  if (elsewhere) return elsewhere.path;
  const keys = specsOf(group).map((spec) => spec.key);
  const near = nearest(key, keys);
  return near && `${group}.${near}`;
}

function didYouMean(candidate: string | null): string {
  return candidate ? ` Did you mean ${candidate}?` : "";
}

function entries(map: YAMLMap): { name: string; offset: number | undefined; value: Node | null }[] {
  return map.items.map(({ key, value }) => ({
    name: isScalar(key) ? String(key.value) : String(key),
    offset: isScalar(key) ? key.range?.[0] : undefined,
    value: value as Node | null,
  }));
}

function isEmpty(node: Node | null): boolean {
  return node === null || (isScalar(node) && node.value === null);
}

function plain(node: Node | null): unknown {
  return node === null || isAlias(node) ? null : node.toJSON();
}
