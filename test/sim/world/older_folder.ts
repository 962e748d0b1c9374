/**
 * The log as a release wrote it that had single changes of members only and no pledges: the snapshot knows no halves, a
 * change is not a list, and no record says where the log must end. Whoever starts on it must take it as it is.
 */
import { toBytes } from "../../../consensus/encoding.js";
import { encodeRecord } from "../../../consensus/storage/record.js";
import type { SimDisk } from "../disk/sim_disk.js";

export function writeOlderFolder(
  disk: Pick<SimDisk, "write">,
  voters: readonly string[],
  learner: string,
): void {
  const records = {
    hard: { term: 1, votedFor: null, commit: 2 },
    snapshot: { index: 1, term: 1, configuration: { voters, learners: [] }, data: new Uint8Array(0) },
    [`entry/${"2".padStart(14, "0")}`]: {
      index: 2,
      term: 1,
      kind: "config",
      data: toBytes({ kind: "addLearner", peer: learner }),
    },
  };
  const operations = Object.entries(records).map(([key, value]) => {
    return { type: "put" as const, key, value: encodeRecord(key, value) };
  });
  disk.write({ part: "raft", operations, sync: true });
}
