/** The RSA key pair that signs this node's tokens: given by path, or made once in the data folder. */
import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from "node:crypto";
import { join } from "node:path";
import { promisify } from "node:util";
import { calculateJwkThumbprint } from "jose";
import { DaemonError } from "../errors.js";
import { makeFolder, nodeFs, readSmallFile, writeDurably } from "../store/store_fs.js";

/** Inside the data folder's `api`, with mode 0600. To rotate: move it away and start the node again. */
export const SIGNING_KEY_FILE = "jwt_private.pem";
const PEM_BYTES_MAX = 16 * 1024;
const RSA_BITS_MIN = 2048;
/** A public key has to fit into a setting, and slower signatures make logins dear. */
const RSA_BITS_MAX = 8192;

export interface SigningKey {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  /** RFC 7638 thumbprint. */
  readonly kid: string;
  /** Modulus and exponent, base64url. */
  readonly n: string;
  readonly e: string;
}

export interface SigningKeyPaths {
  /** The node's folder for what concerns its API. */
  readonly folder: string;
  readonly privateKeyFile: string | null;
  readonly publicKeyFile: string | null;
}

/** @throws DaemonError CONFIG_INVALID when a file cannot be used; system errors of the data folder as they come */
export async function loadSigningKey(paths: SigningKeyPaths): Promise<SigningKey> {
  const { privateKeyFile, publicKeyFile, folder } = paths;
  const path = privateKeyFile ?? join(folder, SIGNING_KEY_FILE);
  if (privateKeyFile === null && (await nodeFs.stat(path)) === undefined) await makeKey(folder, path);
  const key = await signingKeyOf(path, await readPem(path));
  if (publicKeyFile === null) return key;
  const pem = await readPem(publicKeyFile);
  if (!parse(publicKeyFile, () => createPublicKey(pem)).equals(key.publicKey)) {
    throw unusable(publicKeyFile, `it is not the public key of ${path}`);
  }
  return key;
}

async function makeKey(folder: string, path: string): Promise<void> {
  const { privateKey } = await promisify(generateKeyPair)("rsa", { modulusLength: RSA_BITS_MIN });
  const pem = privateKey.export({ type: "pkcs8", format: "pem" });
  await makeFolder(nodeFs, folder);
  await writeDurably(nodeFs, path, Buffer.from(pem));
}

async function signingKeyOf(path: string, pem: string): Promise<SigningKey> {
  const privateKey = parse(path, () => createPrivateKey(pem));
  const bits = privateKey.asymmetricKeyDetails?.modulusLength ?? 0;
  if (privateKey.asymmetricKeyType !== "rsa" || bits < RSA_BITS_MIN || bits > RSA_BITS_MAX) {
    const is = privateKey.asymmetricKeyType === "rsa" ? `an RSA key of ${bits} bits` : "no RSA key";
    throw unusable(path, `it is ${is}; RS256 takes one of ${RSA_BITS_MIN} to ${RSA_BITS_MAX} bits`);
  }
  const publicKey = createPublicKey(privateKey);
  const { n = "", e = "" } = publicKey.export({ format: "jwk" });
  return { privateKey, publicKey, n, e, kid: await calculateJwkThumbprint({ kty: "RSA", n, e }) };
}

async function readPem(path: string): Promise<string> {
  try {
    return new TextDecoder().decode(await readSmallFile(nodeFs, path, PEM_BYTES_MAX));
  } catch (error) {
    throw unusable(path, error instanceof Error ? error.message : String(error), error);
  }
}

function parse(path: string, read: () => KeyObject): KeyObject {
  try {
    return read();
  } catch (error) {
    // OpenSSL's own words say little, and nothing of the key.
    throw unusable(path, "it is no PEM file with such a key, or it is encrypted", error);
  }
}

function unusable(path: string, why: string, cause?: unknown): DaemonError {
  const message = `Cannot use ${path} for signing tokens: ${why}. Make a key with "openssl genrsa -out private.pem 2048" and its public one with "openssl rsa -in private.pem -pubout -out public.pem" (authentication.private_key_file, authentication.public_key_file).`;
  return new DaemonError("CONFIG_INVALID", message, { path }, { cause });
}
