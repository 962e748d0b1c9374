/** The address records of libp2p's pubsub peer discovery: protobuf with the public key as its first field. */
import { publicKeyToProtobuf } from "@libp2p/crypto/keys";
import type { PeerId } from "@libp2p/interface";

const PUBLIC_KEY_TAG = 0x0a;
const HEADER_BYTES = 2;

/**
 * Whether a record speaks of its own author. The discovery module itself would believe anybody about anybody, so that
 * one node could fill the address books of all others.
 */
export function isOwnRecord(record: Uint8Array, author: PeerId): boolean {
  if (author.publicKey === undefined) return false;
  const key = publicKeyToProtobuf(author.publicKey);
  if (record[0] !== PUBLIC_KEY_TAG || record[1] !== key.length) return false;
  return Buffer.compare(record.subarray(HEADER_BYTES, HEADER_BYTES + key.length), key) === 0;
}
