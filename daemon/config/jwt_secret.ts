/** What `api.jwt_secret` must be where it is used: RFC 7518 §3.2 wants a key as long as the hash, of HS256 32 bytes. */

export const JWT_SECRET_BYTES_MIN = 32;
/** What stands in the documentation's example; everybody knows it. */
export const JWT_SECRET_PLACEHOLDER = "your_secret_key";

/** @returns why tokens must not be signed with it; or null */
export function jwtSecretFault(secret: string): string | null {
  if (secret === JWT_SECRET_PLACEHOLDER) return "it is the documentation's placeholder";
  const bytes = Buffer.byteLength(secret);
  if (bytes < JWT_SECRET_BYTES_MIN)
    return `it has ${bytes} bytes, at least ${JWT_SECRET_BYTES_MIN} are needed`;
  return null;
}
