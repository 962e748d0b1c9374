import assert from "node:assert/strict";
import { confChange, configurationOf, encodeConfChange } from "../raft/configuration.js";
import { RaftCore } from "../raft/core.js";
import { raftOptions } from "../raft/options.js";
import type { Entry } from "../raft/types.js";
import { MemoryRaftStorage } from "../storage/index.js";
import { newBeginning, recoveryWrite, replayEntries, replaySnapshot } from "./index.js";

const text = (s: string) => new TextEncoder().encode(s);
const normal = (index: number, term: number): Entry => ({
  index,
  term,
  kind: "normal",
  data: text(`e${index}`),
});

/** A follower of three voters: entries up to 4 are known to be committed, the log goes up to 6. */
async function follower(): Promise<MemoryRaftStorage> {
  const storage = new MemoryRaftStorage();
  await storage.bootstrap({ voters: ["a", "b", "c"], learners: [] });
  const learner = encodeConfChange(confChange({ kind: "addLearner", peer: "d" }));
  const entries: Entry[] = [
    { index: 2, term: 2, kind: "noop", data: new Uint8Array(0) },
    normal(3, 2),
    { index: 4, term: 2, kind: "config", data: learner },
    normal(5, 3),
    {
      index: 6,
      term: 3,
      kind: "config",
      data: encodeConfChange(confChange({ kind: "addVoter", peer: "d" })),
    },
  ];
  await storage.save({
    hardState: { term: 7, votedFor: "b", commit: 4 },
    snapshot: null,
    entries,
    mustSync: true,
  });
  return storage;
}

class Recorder {
  readonly seen: string[] = [];
  restore = (data: Uint8Array) => void this.seen.push(`restore ${data.length}`);
  apply = (entry: { index: number }) => void this.seen.push(`apply ${entry.index}`);
  configChanged = ({ voters, learners }: { voters: readonly string[]; learners: readonly string[] }) =>
    void this.seen.push(`config ${voters.join("")}/${learners.join("")}`);
}

describe("consensus/recovery", () => {
  it("replays what is committed, and then what is only there", async () => {
    const stored = await (await follower()).initialState();
    const recorder = new Recorder();
    const start = replaySnapshot(stored, recorder);
    assert.ok(start);
    const committed = await replayEntries(stored, start, stored.hardState.commit, recorder);
    assert.deepEqual(committed, {
      index: 4,
      term: 2,
      configuration: configurationOf(["a", "b", "c"], ["d"]),
    });
    assert.deepEqual(recorder.seen, ["restore 0", "config abc/", "apply 3", "config abc/d"]);
    const end = await replayEntries(stored, committed, Number.MAX_SAFE_INTEGER, recorder);
    assert.deepEqual(end, {
      index: 6,
      term: 3,
      configuration: configurationOf(["a", "b", "c", "d"]),
    });
    assert.deepEqual(recorder.seen.slice(4), ["apply 5", "config abcd/"]);
    assert.deepEqual(newBeginning(stored, end), { index: 7, term: 8 });
    assert.equal(replaySnapshot(await new MemoryRaftStorage().initialState(), recorder), null);
  });

  it("leaves a log from which the survivor leads alone, and commits", async () => {
    const storage = await follower();
    await storage.save(recoveryWrite({ index: 7, term: 8 }, "a", text("state")));
    const stored = await storage.initialState();
    assert.deepEqual(stored.entries, []);
    const core = new RaftCore({ id: "a", stored, options: raftOptions(), random: () => 0.5 });
    core.campaign();
    for (let i = 0; i < 8 && core.hasReady(); i++) {
      const ready = core.ready();
      await storage.save(ready);
      core.stored(ready);
    }
    assert.deepEqual([core.role, core.term], ["leader", 9]);
    assert.ok(core.status().commitIndex >= 8, "its first entry is committed by itself alone");
  });
});
