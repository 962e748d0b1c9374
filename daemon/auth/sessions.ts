/**
 * Logins in a user's record, as pure functions. A refresh token is used once: whoever shows the one before it has
 * stolen it, or was stolen from, so the login ends (RFC 9700 §4.14.2).
 */
import { AUTH_LIMITS } from "./limits.js";
import type { Session, User } from "./records.js";
import { newId, newSecret, sameText, shortHashOf } from "./secrets.js";

const PREFIX = "ncrsh_refresh_";

export interface RefreshToken {
  readonly username: string;
  readonly session: string;
  readonly secret: string;
}

export interface Begun {
  readonly user: User;
  readonly session: Session;
  readonly refreshToken: string;
}

/** One more login; those that are over are forgotten, and where there are too many, the one that would end first. */
export function begin(name: string, user: User, nowMs: number, expiryMs: number): Begun {
  const secret = newSecret();
  const session = {
    id: newId(),
    current: shortHashOf(secret),
    previous: "" as const,
    endsAtMs: nowMs + expiryMs,
  };
  const kept = user.sessions
    .filter((s) => s.endsAtMs > nowMs)
    .sort((a, b) => b.endsAtMs - a.endsAtMs)
    .slice(0, AUTH_LIMITS.sessionsPerUser - 1);
  return {
    user: { ...user, sessions: [...kept, session] },
    session,
    refreshToken: written({ username: name, session: session.id, secret }),
  };
}

export type Renewal =
  | ({ readonly kind: "renewed" } & Begun)
  /** The token before the last one: the login is taken away. */
  | { readonly kind: "replayed"; readonly user: User }
  | { readonly kind: "refused" };

export function renew(token: RefreshToken, user: User, nowMs: number, expiryMs: number): Renewal {
  const present = sessionOf(user, token.session, nowMs);
  if (present === null) return { kind: "refused" };
  const hash = shortHashOf(token.secret);
  if (present.previous !== "" && sameText(hash, present.previous)) {
    return { kind: "replayed", user: withoutSession(user, present.id) };
  }
  if (!sameText(hash, present.current)) return { kind: "refused" };
  const secret = newSecret();
  const session: Session = {
    id: present.id,
    current: shortHashOf(secret),
    previous: present.current,
    endsAtMs: nowMs + expiryMs,
  };
  const sessions = user.sessions.map((s) => (s.id === session.id ? session : s));
  return {
    kind: "renewed",
    user: { ...user, sessions },
    session,
    refreshToken: written({ ...token, secret }),
  };
}

export function sessionOf(user: User, id: string, nowMs: number): Session | null {
  return user.sessions.find((s) => s.id === id && s.endsAtMs > nowMs) ?? null;
}

export function withoutSession(user: User, id: string): User {
  return { ...user, sessions: user.sessions.filter((s) => s.id !== id) };
}

/** @returns null for what is no refresh token */
export function parseRefreshToken(text: string): RefreshToken | null {
  const match = /^ncrsh_refresh_([A-Za-z0-9_-]{16})\.([A-Za-z0-9_-]{43})\.([a-z0-9][a-z0-9._-]{0,62})$/.exec(
    text,
  );
  const [, session, secret, username] = match ?? [];
  if (session === undefined || secret === undefined || username === undefined) return null;
  return { session, secret, username };
}

function written({ username, session, secret }: RefreshToken): string {
  return `${PREFIX}${session}.${secret}.${username}`;
}
