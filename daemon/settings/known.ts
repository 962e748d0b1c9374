/**
 * What the swarm's settings mean: a key that stands here overrides the configuration of every node, from the moment a
 * node has applied it. To add one, add it here and read it with `SwarmSettings.value`; keys under `user.` are anybody's.
 */
import type { z } from "zod";
import { type Settings, settingOf } from "../../consensus/control/index.js";
import { roundTimeoutSchema } from "../../training/plan/index.js";
import { consensus } from "../config/consensus.js";
import { nearest } from "../config/nearest.js";
import { training } from "../config/training.js";

export interface KnownSetting<S extends z.ZodType = z.ZodType> {
  readonly schema: S;
  /** As a person writes it. */
  readonly allowed: string;
  readonly about: string;
  /** What it takes the place of. */
  readonly overrides: string;
}

const known = <S extends z.ZodType>(setting: KnownSetting<S>): KnownSetting<S> => setting;

export const KNOWN_SETTINGS = {
  "committee.size": known({
    schema: consensus.schema.shape.committeeSize.unwrap().refine((size) => size % 2 === 1, {
      error: "must be odd: one more voter than an odd number makes nothing safer",
    }),
    allowed: "an odd integer from 1 to 63",
    about:
      "Voters that the leader aims for. It promotes up to a larger one; a smaller one removes nobody by itself.",
    overrides: "consensus.committee_size",
  }),
  "training.dead_after": known({
    schema: training.schema.shape.deadAfterMs.unwrap(),
    allowed: "a duration such as 4s, from 200ms to 1h; three times every node's training.heartbeat or more",
    about: "Silence after which a node counts as gone and is no longer waited for.",
    overrides: "training.dead_after",
  }),
  "training.round_timeout": known({
    schema: roundTimeoutSchema,
    allowed: "a duration such as 60s, from 100ms to 24h, or a number of seconds",
    about: "When a round of a new session closes at the latest, unless its request says so itself.",
    overrides: "round_timeout of POST /api/v1/training/start, where it is left out",
  }),
} as const;

type Known = typeof KNOWN_SETTINGS;
export type KnownKey = keyof Known;
export type KnownValue<K extends KnownKey> = z.output<Known[K]["schema"]>;

/** Keys that mean nothing to this software, and never will. */
export const USER_PREFIX = "user.";

/** Users, API keys and public keys: the swarm replicates them as settings, and only `daemon/auth` reads or sets them. */
export const RESERVED_PREFIX = "auth.";

export function isReserved(key: string): boolean {
  return key.startsWith(RESERVED_PREFIX);
}

/** @returns why `value` may not be set under `key`, in words that say what may; or null */
export function settingFault(key: string, value: unknown): string | null {
  if (key.startsWith(USER_PREFIX)) return null;
  if (!isKnown(key)) {
    const meant = nearest(key, Object.keys(KNOWN_SETTINGS));
    const hint =
      meant === null ? `known are ${Object.keys(KNOWN_SETTINGS).join(", ")}` : `did you mean ${meant}?`;
    return `${key}: unknown setting, ${hint}; what is your own goes under ${USER_PREFIX}`;
  }
  const { schema, allowed } = KNOWN_SETTINGS[key];
  const parsed = schema.safeParse(value);
  if (parsed.success) return null;
  return `${key}: ${parsed.error.issues[0]?.message ?? "is not allowed"}; allowed is ${allowed}`;
}

/** What is set, parsed; null when it is not set, or when newer software has set what this one cannot read. */
export function knownValue<K extends KnownKey>(settings: Settings, key: K): KnownValue<K> | null {
  const setting = settingOf(settings, key);
  if (setting === null) return null;
  const parsed = KNOWN_SETTINGS[key].schema.safeParse(setting.value);
  return parsed.success ? (parsed.data as KnownValue<K>) : null;
}

function isKnown(key: string): key is KnownKey {
  return Object.hasOwn(KNOWN_SETTINGS, key);
}
