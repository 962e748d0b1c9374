export type { Imported, ImportRequest } from "./import.js";
export { importOnThread } from "./import_thread.js";
export type { ByteRange, OpenFile, VersionSource } from "./open_file.js";
export { type Checkpoint, readCheckpoint } from "./read.js";
export { openWeights, type ReadWeights, readWeights, SESSION_METADATA } from "./weights.js";
export { type CheckpointSource, checkpointStream, type OpenArchive, openArchive } from "./write.js";
