export { BlobStore } from "./blob_store.js";
export type { SweepResult } from "./blob_sweep.js";
export { IDENTITY_FILE, loadOrCreateIdentityBytes } from "./identity_file.js";
export { type MetaStore, openStore, STORE_FORMAT, type Store, type StoreOptions } from "./open_store.js";
export { type BytesLevel, DURABLE, type StoreLogger } from "./types.js";
