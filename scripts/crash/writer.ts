/**
 * The process that gets killed: writes through the real storage of a node as fast as it can, and says which step is on
 * the disk by a line on its standard output, written synchronously: what it has said was so.
 *
 *     node writer.js DATA_DIR SEED FIRST_STEP
 */
import { writeSync } from "node:fs";
import { LevelRaftStorage } from "../../consensus/storage/index.js";
import { VoteRecords } from "../../daemon/rounds/vote_records.js";
import { openStore } from "../../daemon/store/index.js";
import { createIdentity, identityBytes } from "../../protocol/index.js";
import { KillModel, raftPledge } from "./kill_model.js";
import type { Step } from "./plan.js";

const [dataDir = "", seed = "", first = ""] = process.argv.slice(2);

const store = await openStore(dataDir, {
  logger: { info: () => undefined, warn: (facts, message) => console.error(message, facts) },
  createIdentity: () => identityBytes(createIdentity()),
});
const raft = new LevelRaftStorage(store.raft, raftPledge(dataDir));
await raft.initialState();
const votes = await VoteRecords.open(store.meta);
const model = new KillModel(Number(seed));
await model.advance(Number(first));
say("ready");
for (;;) {
  await perform(await model.peek());
  say(String(model.next));
  await model.advance(model.next + 1);
}

async function perform(step: Step): Promise<void> {
  switch (step.kind) {
    case "bootstrap":
      return raft.bootstrap(step.configuration);
    case "save":
      return raft.save(step.write);
    case "compact":
      return raft.compact(step.snapshot, step.point);
    case "vote":
      return votes.save(step.record);
    case "handover":
      return votes.saveHandover(step.record);
    case "certificate":
      return store.lineage.versions.put(step.key, step.value);
    case "blob":
      await store.blobs.put(step.bytes);
  }
}

/** A pipe that is full makes it wait; one that nobody reads any more ends the process. */
function say(line: string): void {
  writeSync(1, `${line}\n`);
}
