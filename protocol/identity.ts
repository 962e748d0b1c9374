import "./polyfill.js";
/**
 * A node's identity: an Ed25519 key (RFC 8032) whose public half *is* the peer id (libp2p's identity multihash), so
 * that any signature can be checked from the peer id's text alone. Signing and verifying are synchronous and done by
 * `node:crypto`, several times faster than the portable implementation.
 */
import { createPrivateKey, createPublicKey, type KeyObject, randomBytes, sign, verify } from "node:crypto";
import { privateKeyFromProtobuf, privateKeyFromRaw, privateKeyToProtobuf } from "@libp2p/crypto/keys";
import type { Ed25519PrivateKey, PrivateKey } from "@libp2p/interface";
import { peerIdFromPrivateKey, peerIdFromString } from "@libp2p/peer-id";
import { ProtocolError, reasonOf } from "./errors.js";
import { NAME_CHARS_MAX } from "./limits.js";
import type { Signer, Verify } from "./types.js";

export interface Identity extends Signer {
  /** For libp2p. */
  readonly privateKey: Ed25519PrivateKey;
  /** The 32-byte public key. */
  readonly publicBytes: Uint8Array;
}

export const SEED_BYTES = 32;
export const SIGNATURE_BYTES = 64;

export function createIdentity(): Identity {
  return identityFromSeed(randomBytes(SEED_BYTES));
}

/**
 * @param seed 32 bytes: the private key of RFC 8032
 * @throws ProtocolError `IDENTITY_INVALID`
 */
export function identityFromSeed(seed: Uint8Array): Identity {
  if (seed.length !== SEED_BYTES) {
    throw new ProtocolError("IDENTITY_INVALID", `a seed has ${SEED_BYTES} bytes, this one ${seed.length}`);
  }
  const spki = createPublicKey(keyOf(seed)).export({ format: "der", type: "spki" });
  return identityOf(privateKeyFromRaw(Buffer.concat([seed, spki.subarray(SPKI_PREFIX.length)])));
}

/**
 * @param bytes libp2p's protobuf of an Ed25519 private key, as `identityBytes` gives it
 * @throws ProtocolError `IDENTITY_INVALID`
 */
export function identityFromBytes(bytes: Uint8Array): Identity {
  try {
    return identityOf(privateKeyFromProtobuf(bytes));
  } catch (error) {
    throw new ProtocolError("IDENTITY_INVALID", `not an Ed25519 private key: ${reasonOf(error)}`);
  }
}

/** The private key in libp2p's protobuf, for a file that only the node may read. */
export function identityBytes(identity: Identity): Uint8Array {
  return privateKeyToProtobuf(identity.privateKey);
}

/** RFC 8410 wrappings of the 32 raw bytes, which is the form that `node:crypto` takes on every supported version. */
const PKCS8_PREFIX = Buffer.from("302e020100300506032b657004220420", "hex");
const SPKI_PREFIX = Buffer.from("302a300506032b6570032100", "hex");

function keyOf(seed: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: "der", type: "pkcs8" });
}

function identityOf(privateKey: PrivateKey): Identity {
  if (privateKey.type !== "Ed25519") {
    throw new ProtocolError("IDENTITY_INVALID", `an ${privateKey.type} key, only Ed25519 is used`);
  }
  const key = keyOf(privateKey.raw.subarray(0, SEED_BYTES));
  return {
    peerId: peerIdFromPrivateKey(privateKey).toString(),
    privateKey,
    publicBytes: privateKey.publicKey.raw,
    sign: (message) => new Uint8Array(sign(null, message, key)),
  };
}

/** Public keys kept parsed; the longest unused is dropped first. */
const KEYS_MAX = 4096;
const keys = new Map<string, KeyObject>();

/** Checks a signature by the key inside a peer id. */
export const verifySignature: Verify = (peerId, message, signature) => {
  if (signature.length !== SIGNATURE_BYTES) return false;
  try {
    const key = publicKeyOf(peerId);
    return key !== null && verify(null, message, key, signature);
  } catch {
    return false;
  }
};

function publicKeyOf(peerId: string): KeyObject | null {
  const known = keys.get(peerId);
  if (known !== undefined) {
    keys.delete(peerId);
    keys.set(peerId, known);
    return known;
  }
  const raw = publicBytesOf(peerId);
  if (raw === null) return null;
  const key = createPublicKey({ key: Buffer.concat([SPKI_PREFIX, raw]), format: "der", type: "spki" });
  keys.set(peerId, key);
  if (keys.size > KEYS_MAX) keys.delete(keys.keys().next().value as string);
  return key;
}

/** The 32-byte Ed25519 key in a canonical peer id, or null for anything else. */
export function publicBytesOf(peerId: string): Uint8Array | null {
  if (peerId.length > NAME_CHARS_MAX) return null;
  try {
    const parsed = peerIdFromString(peerId);
    // Two spellings of one identity would be two voters: only the canonical one names anybody.
    return parsed.type === "Ed25519" && parsed.toString() === peerId ? parsed.publicKey.raw : null;
  } catch {
    return null;
  }
}
