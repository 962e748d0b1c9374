/**
 * What the other folders may know of the protocol: plain shapes and how deep they may be nested, no libp2p.
 * A peer id is its canonical base58 text everywhere in the house (`12D3Koo…` for Ed25519).
 */
export { depthOf as cborDepthOf } from "./cbor_depth.js";
export { CBOR_DEPTH_MAX } from "./limits.js";

/** `sha256:` followed by 64 lower-case hex digits. */
export type Hash = `sha256:${string}`;

/** Bytes in one verifiable chunk of a blob. Part of the wire format: changing it changes every `chunkRoot`. */
export const BLOB_CHUNK_BYTES = 256 * 1024;

/**
 * Names a content-addressed byte string and makes each of its chunks verifiable on its own.
 *
 * `hash` is the SHA-256 of all bytes; `chunkRoot` is the SHA-256 over the concatenated 32-byte SHA-256 of each
 * chunk of `BLOB_CHUNK_BYTES` bytes (the last one may be shorter; an empty blob has no chunks). Whoever holds a
 * reference can therefore check the chunk list first and then every chunk as it arrives, from any donor.
 */
export interface BlobRef {
  readonly hash: Hash;
  readonly bytes: number;
  readonly chunkRoot: Hash;
}

/** Signs as this node's identity (Ed25519, RFC 8032). */
export interface Signer {
  readonly peerId: string;
  /** @returns 64 bytes */
  sign(message: Uint8Array): Uint8Array;
}

/** True when `signature` is `peerId`'s over `message`; false for any malformed input, never throws. */
export type Verify = (peerId: string, message: Uint8Array, signature: Uint8Array) => boolean;
