export { type Checkpoint, readCheckpoint } from "./read.js";
export { type CheckpointSource, checkpointStream } from "./write.js";
