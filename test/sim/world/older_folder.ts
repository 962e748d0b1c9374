/**
 * The log as a release wrote it that had single changes of members only and no pledges: the snapshot knows no halves, a
 * change is not a list, and no record says where the log must end. Whoever starts on it must take it as it is.
 */
import { toBytes } from "../../../consensus/encoding.js";
import { anchorOf, encodeChained } from "../../../consensus/storage/chain.js";
import { encodeRecord } from "../../../consensus/storage/record.js";
import type { SimDisk } from "../disk/sim_disk.js";

export function writeOlderFolder(
  disk: Pick<SimDisk, "write" | "settle">,
  voters: readonly string[],
  learner: string,
): void {
  const hard = { term: 1, votedFor: null, commit: 2 };
  const configuration = { voters, learners: [] };
  const snapshot = { index: 1, term: 1, configuration, data: new Uint8Array(0) };
  const data = toBytes({ kind: "addLearner", peer: learner });
  const key = `entry/${"2".padStart(14, "0")}`;
  const entry = encodeChained(key, { index: 2, term: 1, kind: "config", data }, anchorOf(snapshot));
  const operations = [
    { type: "put" as const, key: "hard", value: encodeRecord("hard", hard) },
    { type: "put" as const, key: "snapshot", value: encodeRecord("snapshot", snapshot) },
    { type: "put" as const, key, value: entry },
  ];
  disk.write({ part: "raft", operations, sync: true });
  // That release had no way to notice a loss; what later ones write they notice.
  disk.settle();
}
