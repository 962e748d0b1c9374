export type { DonorFault } from "./donor.js";
export { type BlobCounters, BlobExchange, type BlobExchangeInit, type FetchOptions } from "./exchange.js";
export { blobProtocol } from "./messages.js";
export type { BlobStorage, BlobWriter } from "./types.js";
