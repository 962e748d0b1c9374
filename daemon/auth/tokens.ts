/**
 * JSON Web Tokens (RFC 7519) as RFC 8725 wants them: one algorithm, chosen here and never by the token; issuer, audience
 * and expiry always checked. A token names a login, not a role: what its user may do is looked up each time.
 */
import { createPublicKey, createSecretKey, type KeyObject } from "node:crypto";
import { decodeProtectedHeader, errors, jwtVerify, SignJWT } from "jose";
import { z } from "zod";
import type { PublicKey } from "./records.js";
import { newId } from "./secrets.js";
import type { SigningKey } from "./signing_key.js";

export const ISSUER = "ncrsh-swarm";
/** Clocks of two nodes may differ by this much. */
const CLOCK_TOLERANCE_S = 30;

export type TokenKeys =
  | { readonly algorithm: "RS256"; readonly own: SigningKey }
  | { readonly algorithm: "HS256"; readonly secret: KeyObject };

export function hs256Keys(secret: string): TokenKeys {
  return { algorithm: "HS256", secret: createSecretKey(Buffer.from(secret)) };
}

const claimsSchema = z.object({
  sub: z.string().max(128),
  sid: z.string().max(64),
  jti: z.string().max(64),
  exp: z.int(),
});

export interface Claims {
  readonly username: string;
  readonly session: string;
  readonly expiresAtMs: number;
  /** Of the key that signed it; null for HS256. */
  readonly kid: string | null;
}

export type Verified =
  | { readonly kind: "valid"; readonly claims: Claims }
  /** Signed with a key that this node has not heard of. */
  | { readonly kind: "unknown_key" }
  | { readonly kind: "refused"; readonly why: string };

export class Tokens {
  private readonly imported = new WeakMap<PublicKey, KeyObject>();

  /** @param audience names the swarm: a token for another one is refused */
  constructor(
    readonly keys: TokenKeys,
    private readonly audience: string,
    private readonly now: () => number = Date.now,
  ) {}

  async sign(username: string, session: string, expiresAtMs: number): Promise<string> {
    const { keys } = this;
    const header =
      keys.algorithm === "RS256"
        ? { alg: "RS256", typ: "JWT", kid: keys.own.kid }
        : { alg: "HS256", typ: "JWT" };
    return new SignJWT({ sid: session })
      .setProtectedHeader(header)
      .setIssuer(ISSUER)
      .setAudience(this.audience)
      .setSubject(username)
      .setJti(newId())
      .setIssuedAt(Math.floor(this.now() / 1000))
      .setExpirationTime(Math.floor(expiresAtMs / 1000))
      .sign(keys.algorithm === "RS256" ? keys.own.privateKey : keys.secret);
  }

  /** @param published the swarm's public keys by key id */
  async verify(token: string, published: ReadonlyMap<string, PublicKey>): Promise<Verified> {
    const kid = this.keys.algorithm === "HS256" ? null : kidOf(token);
    if (kid === undefined) return { kind: "refused", why: "the token is not one of this swarm's" };
    const key = kid === null ? this.secret : this.publicKey(kid, published);
    if (key === null) return { kind: "unknown_key" };
    try {
      const { payload } = await jwtVerify(token, key, {
        algorithms: [this.keys.algorithm],
        issuer: ISSUER,
        audience: this.audience,
        requiredClaims: ["exp", "sub", "iat"],
        clockTolerance: CLOCK_TOLERANCE_S,
        currentDate: new Date(this.now()),
      });
      const claims = claimsSchema.safeParse(payload);
      if (!claims.success) return { kind: "refused", why: "the token names no login" };
      const { sub, sid, exp } = claims.data;
      return { kind: "valid", claims: { username: sub, session: sid, expiresAtMs: exp * 1000, kid } };
    } catch (error) {
      return { kind: "refused", why: reasonOf(error) };
    }
  }

  /** Whether tokens of this key still count. */
  trusts(kid: string | null, published: ReadonlyMap<string, PublicKey>): boolean {
    if (kid === null) return this.keys.algorithm === "HS256";
    return this.publicKey(kid, published) !== null;
  }

  private get secret(): KeyObject | null {
    return this.keys.algorithm === "HS256" ? this.keys.secret : null;
  }

  private publicKey(kid: string, published: ReadonlyMap<string, PublicKey>): KeyObject | null {
    if (this.keys.algorithm === "RS256" && this.keys.own.kid === kid) return this.keys.own.publicKey;
    const record = published.get(kid);
    if (record === undefined || record.endsAtMs + CLOCK_TOLERANCE_S * 1000 < this.now()) return null;
    const known = this.imported.get(record);
    if (known !== undefined) return known;
    try {
      const key = createPublicKey({ key: { kty: "RSA", n: record.n, e: record.e }, format: "jwk" });
      this.imported.set(record, key);
      return key;
    } catch {
      // Newer software may publish what this one cannot read.
      return null;
    }
  }
}

/** undefined: it has none, or is no token at all. */
function kidOf(token: string): string | undefined {
  try {
    const { kid } = decodeProtectedHeader(token);
    return typeof kid === "string" && kid.length <= 64 ? kid : undefined;
  } catch {
    return undefined;
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof errors.JWTExpired) return "the token has expired";
  if (error instanceof errors.JWTClaimValidationFailed) {
    return error.claim === "aud"
      ? "the token is for another swarm"
      : `the token's ${error.claim} does not fit`;
  }
  if (error instanceof errors.JOSEAlgNotAllowed)
    return "the token is signed with an algorithm that is not taken";
  if (error instanceof errors.JWSSignatureVerificationFailed) return "the token's signature is wrong";
  return "the token is not one of this swarm's";
}
