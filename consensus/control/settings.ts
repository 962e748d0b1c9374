/**
 * The swarm's settings: a small map from keys to JSON values, the same on every node at the same index. Every change
 * may demand the revision that it replaces (compare-and-set). A revision is the index of the log entry that made it: it
 * only grows, and no two changes share one. What a key means is not known here.
 */
import { z } from "zod";
import { toBytes } from "../encoding.js";
import { naturalSchema, peerSchema } from "../votes/schemas.js";
import type { CommandOf } from "./commands.js";
import { type JsonValue, jsonFault } from "./json_value.js";
import type { Applied, EntryMeta, RefusalCode } from "./outcome.js";
import type { ControlState } from "./state.js";

/** Characters of a setting's key; a longer one is refused. */
export const SETTING_KEY_CHARS_MAX = 128;
/** Bytes of one setting's value, as CBOR; a larger one is refused. */
export const SETTING_VALUE_BYTES_MAX = 16 * 1024;
/** Nesting of one setting's value (arrays and objects); a deeper one is refused. */
export const SETTING_DEPTH_MAX = 8;
/** Settings of a swarm; one more is refused. */
export const SETTINGS_MAX = 256;
/** Bytes of all keys and values together, since every snapshot carries them; a change beyond it is refused. */
export const SETTINGS_BYTES_MAX = 256 * 1024;

export const SETTING_KEY_ALLOWED = `1 to ${SETTING_KEY_CHARS_MAX} lower-case letters, digits, dots, dashes and underscores, a letter or digit first`;
const KEY = /^[a-z0-9][a-z0-9._-]*$/;
export const settingKeySchema = z
  .string()
  .max(SETTING_KEY_CHARS_MAX, { error: `expected ${SETTING_KEY_ALLOWED}` })
  .regex(KEY, { error: `expected ${SETTING_KEY_ALLOWED}` });

export const settingValueSchema = z.custom<JsonValue>().superRefine((value, context) => {
  const fault = jsonFault(value, SETTING_DEPTH_MAX) ?? sizeFault(value);
  if (fault !== null) context.addIssue({ code: "custom", message: fault });
});

export const settingSchema = z.object({
  key: settingKeySchema,
  value: settingValueSchema,
  /** Index of the log entry that last set it. */
  revision: naturalSchema.min(1),
  by: peerSchema,
  /** The proposer's clock, for display only. */
  atMs: naturalSchema,
});
export type Setting = z.infer<typeof settingSchema>;

export const settingsSchema = z.object({
  /** Index of the log entry that last changed any of them, a deletion too; 0: none ever did. */
  revision: naturalSchema,
  /** Sorted by key. */
  entries: z.array(settingSchema).max(SETTINGS_MAX),
});
export type Settings = z.infer<typeof settingsSchema>;

export function noSettings(): Settings {
  return { revision: 0, entries: [] };
}

export function settingOf(settings: Settings, key: string): Setting | null {
  return settings.entries.find((entry) => entry.key === key) ?? null;
}

export function setSetting(
  state: ControlState,
  command: CommandOf<"settings.set">,
  meta: EntryMeta,
): Applied {
  const { key, value, expect, by, atMs } = command;
  const present = settingOf(state.settings, key);
  const conflict = conflictOf(state, key, expect);
  if (conflict !== null) return conflict;
  const others = state.settings.entries.filter((entry) => entry !== present);
  const entry: Setting = { key, value, revision: meta.index, by, atMs };
  const full = roomFault(others, entry);
  if (full !== null) return refused(state, "SETTINGS_FULL", full, present?.revision ?? 0);
  const entries = [...others, entry].sort((a, b) => (a.key < b.key ? -1 : 1));
  return changed(state, entries, meta);
}

export function deleteSetting(
  state: ControlState,
  { key, expect }: CommandOf<"settings.delete">,
  meta: EntryMeta,
): Applied {
  const conflict = conflictOf(state, key, expect);
  if (conflict !== null) return conflict;
  if (settingOf(state.settings, key) === null) {
    return refused(state, "SETTING_NOT_FOUND", `there is no setting ${key}`, 0);
  }
  return changed(
    state,
    state.settings.entries.filter((entry) => entry.key !== key),
    meta,
  );
}

/** The present revision of an absent key is 0: to expect 0 is to expect that it does not exist. */
function conflictOf(state: ControlState, key: string, expect: number | null): Applied | null {
  const present = settingOf(state.settings, key)?.revision ?? 0;
  if (expect === null || expect === present) return null;
  const is = present === 0 ? "does not exist" : `is at revision ${present}`;
  const wanted = expect === 0 ? "it was not to exist yet" : `revision ${expect} was to be replaced`;
  return refused(state, "SETTING_CONFLICT", `${key} ${is}, but ${wanted}`, present);
}

function roomFault(others: readonly Setting[], added: Setting): string | null {
  if (others.length >= SETTINGS_MAX) return `there are ${SETTINGS_MAX} settings already, no more fit`;
  const bytes = [...others, added].reduce((sum, entry) => sum + bytesOf(entry), 0);
  if (bytes <= SETTINGS_BYTES_MAX) return null;
  return `all settings together would have ${bytes} bytes, at most ${SETTINGS_BYTES_MAX} fit`;
}

/** Entries never change, so each is measured once; a cache, not state. */
const measured = new WeakMap<Setting, number>();

function bytesOf(entry: Setting): number {
  const bytes = measured.get(entry) ?? entry.key.length + toBytes(entry.value).length;
  measured.set(entry, bytes);
  return bytes;
}

function sizeFault(value: JsonValue): string | null {
  const bytes = toBytes(value).length;
  return bytes <= SETTING_VALUE_BYTES_MAX
    ? null
    : `${bytes} bytes, at most ${SETTING_VALUE_BYTES_MAX} allowed`;
}

function changed(state: ControlState, entries: Setting[], { index }: EntryMeta): Applied {
  return {
    state: { ...state, settings: { revision: index, entries } },
    outcome: { kind: "applied", version: null, committee: null, revision: index },
  };
}

function refused(state: ControlState, code: RefusalCode, reason: string, revision: number): Applied {
  return { state, outcome: { kind: "refused", code, reason, revision } };
}
