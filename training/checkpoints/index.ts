export { type Imported, type ImportRequest, importVersion } from "./import.js";
export type { ByteRange, OpenFile, VersionSource } from "./open_file.js";
export { type Checkpoint, readCheckpoint } from "./read.js";
export { openWeights, type ReadWeights, readWeights, SESSION_METADATA } from "./weights.js";
export { type CheckpointSource, checkpointStream, type OpenArchive, openArchive } from "./write.js";
