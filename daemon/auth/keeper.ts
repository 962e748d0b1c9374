/** The doorkeeper: from an `Authorization` or `X-API-Key` header to who asks, and with what right. */
import type { IncomingHttpHeaders } from "node:http";
import type { Caller, Credentials, Doorkeeper } from "../api/caller.js";
import { apiKeyName, isApiKey } from "./api_keys.js";
import type { Directory } from "./directory.js";
import { AUTH_LIMITS } from "./limits.js";
import type { LocalKey } from "./local_key.js";
import { sessionOf } from "./sessions.js";
import type { Claims, Tokens } from "./tokens.js";

export interface KeeperParts {
  readonly directory: Directory;
  readonly tokens: Tokens;
  readonly local: LocalKey;
  readonly now: () => number;
}

const NOT_READY =
  "this node does not belong to a swarm yet, so it knows no users (NOT_READY); on its own machine the key in its data folder's api/local.json is taken";

export class Keeper implements Doorkeeper {
  /** Tokens whose signature was checked, the one unused for longest first. */
  private readonly verified = new Map<string, Claims>();

  constructor(private readonly parts: KeeperParts) {}

  async identify({ headers, address, token }: Credentials): Promise<Caller> {
    const presented = token ?? presentedIn(headers);
    if (presented === null) return nobody(address, null);
    if (presented === "") return nobody(address, 'the Authorization header is not "Bearer …" with one token');
    if (presented.length > AUTH_LIMITS.tokenChars) {
      return nobody(address, `the token is longer than ${AUTH_LIMITS.tokenChars} characters`);
    }
    if (this.parts.local.is(presented)) return named("key", "local", "admin", null);
    if (!this.parts.directory.ready) return nobody(address, NOT_READY);
    const name = apiKeyName(presented);
    const found = name === null ? await this.byToken(presented) : await this.byKey(presented, name);
    return typeof found === "string" ? nobody(address, found) : found;
  }

  /** What is remembered of tokens. */
  get remembered(): number {
    return this.verified.size;
  }

  private async byKey(presented: string, name: string): Promise<Caller | string> {
    const { directory, now } = this.parts;
    let key = directory.present().apiKeys.get(name);
    if (key === undefined) {
      await directory.catchUp();
      key = directory.present().apiKeys.get(name);
    }
    if (key === undefined || !isApiKey(presented, key)) return "there is no such API key";
    if (key.expiresAtMs !== null && key.expiresAtMs <= now()) return "the API key has expired";
    return named("key", name, key.role, key.expiresAtMs);
  }

  private async byToken(presented: string): Promise<Caller | string> {
    const claims = await this.claimsOf(presented);
    if (typeof claims === "string") return claims;
    const { directory, now } = this.parts;
    if (claims.expiresAtMs <= now()) {
      this.verified.delete(presented);
      return "the token has expired";
    }
    const login = () => {
      const user = directory.present().users.get(claims.username);
      return user !== undefined && sessionOf(user, claims.session, now()) !== null ? user : null;
    };
    let user = login();
    if (user === null) {
      await directory.catchUp();
      user = login();
    }
    // Logged out, password changed, or the user is no more: one answer for all.
    if (user === null) return "the login that this token comes from has ended";
    return { ...named("user", claims.username, user.role, claims.expiresAtMs), session: claims.session };
  }

  private async claimsOf(presented: string): Promise<Claims | string> {
    const { directory, tokens } = this.parts;
    const known = this.verified.get(presented);
    if (known !== undefined && tokens.trusts(known.kid, directory.present().publicKeys)) {
      this.remember(presented, known);
      return known;
    }
    let result = await tokens.verify(presented, directory.present().publicKeys);
    if (result.kind === "unknown_key") {
      await directory.catchUp();
      result = await tokens.verify(presented, directory.present().publicKeys);
    }
    if (result.kind === "unknown_key") return "the token is signed with a key that this swarm does not know";
    if (result.kind === "refused") return result.why;
    this.remember(presented, result.claims);
    return result.claims;
  }

  private remember(token: string, claims: Claims): void {
    // Deleted first: a Map keeps insertion order.
    this.verified.delete(token);
    this.verified.set(token, claims);
    if (this.verified.size > AUTH_LIMITS.verifiedTokens) {
      this.verified.delete(this.verified.keys().next().value as string);
    }
  }
}

/** @returns null: nothing was presented; empty: something that is no token */
export function presentedIn(headers: IncomingHttpHeaders): string | null {
  const { authorization } = headers;
  if (authorization !== undefined) return /^Bearer +([^\s,]+) *$/i.exec(authorization)?.[1] ?? "";
  const key = headers["x-api-key"];
  return key === undefined ? null : String(key);
}

function nobody(address: string, refusal: string | null): Caller {
  return { kind: "anonymous", name: "anonymous", role: null, refusal, id: `address:${address}` };
}

function named(kind: "user" | "key", name: string, role: Caller["role"], expiresAtMs: number | null): Caller {
  return { kind, name, role, refusal: null, id: `${kind}:${name}`, expiresAtMs };
}
