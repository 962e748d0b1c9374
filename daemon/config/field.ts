/**
 * What a setting is, said once: a zod schema gives its type, default and bounds, and the text registered beside it
 * the rest. YAML key, flag and environment variable follow from the property's name:
 * `api.corsEnabled` is `api.cors_enabled`, `--api-cors-enabled` and `NCRSH_SWARM_API_CORS_ENABLED`.
 */
import { z } from "zod";
import { formatDuration, formatSize, parseDurationMs, parseSizeBytes } from "./units.js";

export interface FieldInfo {
  /** One or two sentences for the reference, the help and the generated file. */
  readonly about: string;
  /** Flag without dashes, when `<group>-<key>` would be clumsy. The environment variable follows it. */
  readonly flag?: string;
  /** What is allowed, when it cannot be read off the schema. */
  readonly allowed?: string;
  /** How the default is described, when the literal would say too little. */
  readonly defaultText?: string;
  /** Never shown in logs or by `config`-like outputs. */
  readonly secret?: boolean;
}

const infos = z.registry<FieldInfo>();
const allowedTexts = new WeakMap<z.ZodType, string>();

/** Attaches the reference text to a setting's schema. */
export function field<T extends z.ZodType>(schema: T, info: FieldInfo): T {
  infos.add(schema, info);
  return schema;
}

export interface Group<N extends string = string, S extends z.ZodObject = z.ZodObject> {
  readonly name: N;
  readonly about: string;
  readonly schema: S;
}

export function group<const N extends string, S extends z.ZodObject>(
  name: N,
  about: string,
  schema: S,
): Group<N, S> {
  return { name, about, schema };
}

/** How text from a flag or the environment becomes the raw value that the schema takes. */
export type FieldKind = "text" | "number" | "boolean" | "list";

/** Everything that is known of one setting, derived from its schema. */
export interface FieldSpec extends FieldInfo {
  readonly group: string;
  readonly property: string;
  /** `api.cors_enabled` */
  readonly path: string;
  readonly key: string;
  readonly flag: string;
  readonly env: string;
  readonly kind: FieldKind;
  readonly allowed: string;
  /** As it would stand in the YAML file. */
  readonly defaultValue: unknown;
  readonly schema: z.ZodType;
}

export const ENV_PREFIX = "NCRSH_SWARM_";

export function describe(from: Group): FieldSpec[] {
  return Object.entries(from.schema.shape).map(([property, schema]) => {
    const info = infos.get(schema);
    if (!info) throw new Error(`${from.name}.${property} has no reference text`);
    const key = property.replace(/Ms$/, "").replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    const flag = info.flag ?? `${from.name}-${key.replaceAll("_", "-")}`;
    const inner = unwrap(schema);
    return {
      ...info,
      group: from.name,
      property,
      path: `${from.name}.${key}`,
      key,
      flag,
      env: `${ENV_PREFIX}${flag.replaceAll("-", "_").toUpperCase()}`,
      kind: kindOf(inner),
      allowed: info.allowed ?? allowedOf(inner),
      defaultValue: defaultOf(schema),
      schema,
    };
  });
}

/** A duration with a unit; milliseconds in the config. `fallback` is written as in the YAML file. */
export function duration(fallback: string, minMs: number, maxMs: number) {
  const allowed = `a duration with a unit such as 500ms, 30s or 24h, from ${formatDuration(minMs)} to ${formatDuration(maxMs)}`;
  const schema = z.union([z.string(), z.literal(0)]).transform((raw, context) => {
    const ms = parseDurationMs(String(raw));
    if (ms !== null && ms >= minMs && ms <= maxMs) return ms;
    context.addIssue({ code: "custom", message: ms === null ? "is not a duration" : "is out of range" });
    return z.NEVER;
  });
  allowedTexts.set(schema, allowed);
  return schema.prefault(fallback);
}

/** A size with a unit or a plain number of bytes; bytes in the config. */
export function size(fallback: string, minBytes: number, maxBytes: number) {
  const allowed = `a size such as 512MiB or 10GiB, or a number of bytes, from ${formatSize(minBytes)} to ${formatSize(maxBytes)}`;
  const schema = z.union([z.string(), z.number()]).transform((raw, context) => {
    const bytes = parseSizeBytes(String(raw));
    if (bytes !== null && bytes >= minBytes && bytes <= maxBytes) return bytes;
    context.addIssue({ code: "custom", message: bytes === null ? "is not a size" : "is out of range" });
    return z.NEVER;
  });
  allowedTexts.set(schema, allowed);
  return schema.prefault(fallback);
}

/** One of a few words, in any case; lower-case in the config. */
export function word<const T extends readonly string[]>(words: T, fallback: T[number]) {
  const choice = z.enum(words);
  const schema = z
    .string()
    .transform((raw) => raw.toLowerCase())
    .pipe(choice);
  allowedTexts.set(schema, `one of ${words.join(", ")}`);
  return schema.prefault(fallback);
}

/** The schema under defaults, optionals and nullables. */
function unwrap(schema: z.ZodType): z.ZodType {
  if (
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodOptional
  ) {
    return unwrap(schema.unwrap() as z.ZodType);
  }
  return schema;
}

function defaultOf(schema: z.ZodType): unknown {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) return schema.def.defaultValue;
  return undefined;
}

function kindOf(inner: z.ZodType): FieldKind {
  if (inner instanceof z.ZodBoolean) return "boolean";
  if (inner instanceof z.ZodNumber) return "number";
  if (inner instanceof z.ZodArray) return "list";
  return "text";
}

function allowedOf(inner: z.ZodType): string {
  const known = allowedTexts.get(inner);
  if (known) return known;
  if (inner instanceof z.ZodBoolean) return "true or false";
  if (inner instanceof z.ZodEnum) return `one of ${inner.options.join(", ")}`;
  if (inner instanceof z.ZodNumber) return `an integer from ${inner.minValue} to ${inner.maxValue}`;
  if (inner instanceof z.ZodArray) return "a list of texts";
  return "a text";
}
