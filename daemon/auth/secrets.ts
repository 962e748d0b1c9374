/** Random secrets, their hashes, and comparing them in constant time. */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

/** 256 random bits, as 43 characters. */
export function newSecret(): string {
  return randomBytes(32).toString("base64url");
}

/** 96 random bits, as 16 characters. */
export function newId(): string {
  return randomBytes(12).toString("base64url");
}

/** SHA-256 as 43 characters. Enough for what is random itself; passwords need more, see `passwords.ts`. */
export function hashOf(secret: string): string {
  return createHash("sha256").update(secret).digest("base64url");
}

/** Its first 128 bits, as 22 characters: to find another secret with the same ones is still out of reach. */
export function shortHashOf(secret: string): string {
  return createHash("sha256").update(secret).digest().subarray(0, 16).toString("base64url");
}

export function sameText(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
