import "./polyfill.js";

/** What travels between nodes. Wire formats: docs/PROTOCOL.md. */
export * from "./blobs/index.js";
export type { DiscoveryReport, FoundPeer } from "./discover.js";
export { ProtocolError, type ProtocolErrorCode, RemoteError } from "./errors.js";
export * from "./gossip/index.js";
export {
  blobRefOf,
  ChunkHasher,
  chunkLength,
  chunksOf,
  HASH_BYTES,
  isHash,
  refName,
  sha256,
} from "./hash.js";
export { type ConnectionInfo, type HostOptions, type StreamCount, SwarmHost } from "./host.js";
export {
  createIdentity,
  type Identity,
  identityBytes,
  identityFromBytes,
  identityFromSeed,
  publicBytesOf,
  SEED_BYTES,
  SIGNATURE_BYTES,
  verifySignature,
} from "./identity.js";
export { type Logger, silentLogger } from "./logger.js";
export type { PeerEvent, PeerHello } from "./peer_table.js";
export { RaftChannel, type RaftChannelCounters, type RaftListener } from "./raft_channel.js";
export type { Refusal } from "./refusal_log.js";
export { type CallOptions, defineMethod, Rpc, type RpcHandler, type RpcMethod } from "./rpc.js";
export type { TrafficCount, TrafficReport } from "./traffic.js";
export type { BlobRef, Hash, Signer, Verify } from "./types.js";
