export { BlobHasher, type HashedBlob } from "./blob_hash.js";
export {
  emptyOuterState,
  hashVersion,
  inspectVersion,
  readVersion,
  type Version,
  type VersionExtent,
  writeVersion,
} from "./version.js";
