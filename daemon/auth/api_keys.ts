/** API keys as text: the name is in it, so that finding one costs no search, and a log can say which it was. */

import type { ApiKey } from "./records.js";
import { hashOf, newSecret, sameText } from "./secrets.js";

const PREFIX = "ncrsh_key_";

export function newApiKey(name: string): { readonly key: string; readonly hash: string } {
  const key = `${PREFIX}${newSecret()}.${name}`;
  return { key, hash: hashOf(key) };
}

/** @returns the name that it carries; null: it is no API key */
export function apiKeyName(text: string): string | null {
  const match = /^ncrsh_key_[A-Za-z0-9_-]{43}\.([a-z0-9][a-z0-9._-]{0,62})$/.exec(text);
  return match?.[1] ?? null;
}

export function isApiKey(text: string, record: ApiKey): boolean {
  return sameText(hashOf(text), record.hash);
}
