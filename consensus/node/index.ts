export { type RaftNodeOptions, raftNodeOptions } from "./options.js";
export { RaftNode } from "./raft_node.js";
export type * from "./types.js";
export type { Committed } from "./waiting.js";
