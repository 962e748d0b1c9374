import assert from "node:assert/strict";
import { encodeCommand } from "../../consensus/control/index.js";
import { ControlLog } from "./control_log.js";

describe("ControlLog", () => {
  it("applies an entry and tells the others, when a listener throws", async () => {
    const logged: unknown[] = [];
    const log = new ControlLog(
      { swarm: "test", formation: `sha256:${"0".repeat(64)}`, voters: ["a"] },
      () => true,
      { put: async () => undefined, putCommittee: async () => undefined },
      { error: ({ err }: { err: unknown }) => void logged.push(err) },
    );
    const broken = new Error("a listener's fault");
    const heard: string[] = [];
    log.onChange(() => {
      throw broken;
    });
    log.onChange(({ after }) => heard.push(...after.voters));

    log.configChanged({ voters: ["a"], learners: [] }, 1);
    const data = encodeCommand({ v: 1, type: "member.join", peer: "a", name: "first", atMs: 1 });
    const outcome = await log.apply({ index: 2, term: 1, data });
    log.restore(log.snapshot());

    assert.equal(outcome.kind, "applied");
    assert.equal(log.state.members.find((member) => member.peer === "a")?.name, "first");
    assert.deepEqual(heard, ["a", "a", "a"]);
    assert.deepEqual(logged, [broken, broken, broken]);
  });
});
