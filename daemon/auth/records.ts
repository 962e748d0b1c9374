/** What the swarm remembers of users, API keys and public keys: settings under `auth.`, each of them one record. */
import { z } from "zod";
import { type Setting, type Settings, settingKeySchema } from "../../consensus/control/index.js";
import { ROLES } from "../api/caller.js";
import { RESERVED_PREFIX } from "../settings/known.js";

export const USER_PREFIX = `${RESERVED_PREFIX}user.`;
export const KEY_PREFIX = `${RESERVED_PREFIX}key.`;
export const JWK_PREFIX = `${RESERVED_PREFIX}jwk.`;

/** A user's or a key's name: part of a setting's key, and of a log line. */
export const NAME_ALLOWED =
  "1 to 63 lower-case letters, digits, dots, dashes and underscores, a letter or digit first";
export const nameSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,62}$/, { error: `expected ${NAME_ALLOWED}` });

/** Up to the year 9999, the last one that RFC 3339 can write. */
const atMs = z
  .int()
  .min(0)
  .max(Date.UTC(9999, 11, 31));
const secretHash = z.string().length(43);
/** 128 bits of a SHA-256: many of them share the room of the settings. */
const shortHash = z.string().length(22);

/** A login. `current` and `previous` are hashes of refresh tokens, `previous` empty before the first renewal. */
const sessionSchema = z.object({
  id: z.string().max(32),
  current: shortHash,
  previous: z.union([z.literal(""), shortHash]),
  /** When it ends unless it is renewed. */
  endsAtMs: atMs,
});
export type Session = Readonly<z.infer<typeof sessionSchema>>;

const userSchema = z.object({
  v: z.literal(1),
  /** argon2id in PHC format. */
  password: z.string().max(256),
  role: z.enum(ROLES),
  createdAtMs: atMs,
  sessions: z.array(sessionSchema).max(64),
});
export type User = Readonly<z.infer<typeof userSchema>>;

const apiKeySchema = z.object({
  v: z.literal(1),
  /** SHA-256 of the whole key, which is random: nothing slower is needed. */
  hash: secretHash,
  role: z.enum(ROLES),
  createdAtMs: atMs,
  expiresAtMs: atMs.nullable(),
});
export type ApiKey = Readonly<z.infer<typeof apiKeySchema>>;

const publicKeySchema = z.object({
  v: z.literal(1),
  /** RFC 7638 thumbprint of the key. */
  kid: z.string().max(64),
  n: z.string().max(1400),
  e: z.string().max(16),
  /** Peer id of the node that signs with it. */
  node: z.string().max(128),
  /** No token that it has signed is valid for longer; renewed while it is used. */
  endsAtMs: atMs,
});
export type PublicKey = Readonly<z.infer<typeof publicKeySchema>>;

export interface AuthRecords {
  readonly users: ReadonlyMap<string, User>;
  readonly apiKeys: ReadonlyMap<string, ApiKey>;
  /** By key id. */
  readonly publicKeys: ReadonlyMap<string, PublicKey>;
}

const KINDS = [
  [USER_PREFIX, userSchema],
  [KEY_PREFIX, apiKeySchema],
  [JWK_PREFIX, publicKeySchema],
] as const;

/** Entries never change, so each is parsed once; a cache, not state. */
const parsed = new WeakMap<Setting, User | ApiKey | PublicKey | null>();

/** A record that this version cannot read counts for nothing: whoever it is about has no access. */
function recordOf(
  setting: Setting,
  schema: z.ZodType<User | ApiKey | PublicKey>,
): User | ApiKey | PublicKey | null {
  const known = parsed.get(setting);
  if (known !== undefined) return known;
  const record = schema.safeParse(setting.value).data ?? null;
  parsed.set(setting, record);
  return record;
}

export function recordsOf({ entries }: Settings): AuthRecords {
  const users = new Map<string, User>();
  const apiKeys = new Map<string, ApiKey>();
  const publicKeys = new Map<string, PublicKey>();
  for (const setting of entries) {
    const kind = KINDS.find(([prefix]) => setting.key.startsWith(prefix));
    const record = kind === undefined ? null : recordOf(setting, kind[1]);
    if (kind === undefined || record === null) continue;
    const name = setting.key.slice(kind[0].length);
    if ("password" in record) users.set(name, record);
    else if ("kid" in record) publicKeys.set(record.kid, record);
    else apiKeys.set(name, record);
  }
  return { users, apiKeys, publicKeys };
}

/** @returns why `value` may not stand under a key that begins with `auth.`; or null */
export function recordFault(key: string, value: unknown): string | null {
  const kind = KINDS.find(([prefix]) => key.startsWith(prefix));
  if (kind === undefined) return `${key}: no record of this version is called so`;
  const [prefix, schema] = kind;
  if (prefix !== JWK_PREFIX && !nameSchema.safeParse(key.slice(prefix.length)).success)
    return `${key}: expected a name of ${NAME_ALLOWED}`;
  const issue = schema.safeParse(value).error?.issues[0];
  return issue === undefined ? null : `${key}: ${issue.path.join(".")}: ${issue.message}`;
}

export function userOf(setting: Setting): User | null {
  return userSchema.safeParse(setting.value).data ?? null;
}

export const userKey = (name: string): string => settingKeySchema.parse(`${USER_PREFIX}${name}`);
export const apiKeyKey = (name: string): string => settingKeySchema.parse(`${KEY_PREFIX}${name}`);

/** RFC 3339, of a time as it stands in a record. */
export function stampOf(atMs: number): string {
  return new Date(atMs).toISOString();
}
