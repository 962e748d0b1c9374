/** What storage holds before and just after a swarm is founded. */
import { ConsensusError } from "../errors.js";
import { normalizeConfiguration } from "../raft/configuration.js";
import type { Configuration, StoredState } from "../raft/types.js";
import type { RaftWrite } from "./types.js";

export const NOTHING_STORED: StoredState = {
  hardState: { term: 0, votedFor: null, commit: 0 },
  snapshot: null,
  entries: [],
};

export type Founders = Pick<Configuration, "voters" | "learners">;

/** @throws ConsensusError `CONFIG_INVALID` */
export function genesisWrite(stored: StoredState, configuration: Founders): RaftWrite {
  const { hardState, snapshot, entries } = stored;
  if (hardState.term > 0 || hardState.commit > 0 || snapshot !== null || entries.length > 0) {
    throw new ConsensusError(
      "CONFIG_INVALID",
      "this node belongs to a swarm already; to found a new one, give it an empty data folder",
      { term: hardState.term, commit: hardState.commit },
    );
  }
  return {
    hardState: { term: 1, votedFor: null, commit: 1 },
    snapshot: {
      index: 1,
      term: 1,
      configuration: normalizeConfiguration(configuration),
      data: new Uint8Array(0),
    },
    entries: [],
    mustSync: true,
  };
}
