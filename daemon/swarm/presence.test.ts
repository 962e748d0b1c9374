import assert from "node:assert/strict";
import { Presence } from "./presence.js";
import { beat } from "./testing/beat.js";

describe("daemon/swarm: presence", () => {
  let nowMs = 0;
  const presence = () => new Presence("self", { deadAfterMs: 1000, now: () => nowMs });

  it("counts a node as gone after silence, and at once when it says good-bye", () => {
    const p = presence();
    p.heard("a", beat());
    p.heard("b", beat());
    assert.ok(p.isAlive("a") && p.isAlive("self") && !p.isAlive("never heard"));
    p.gone("b");
    assert.ok(!p.isAlive("b"));
    nowMs += 1000;
    assert.ok(!p.isAlive("a"));
    p.heard("a", beat());
    assert.ok(p.isAlive("a"));
  });

  it("tells who can train, who is getting ready, and who stays out", () => {
    const p = presence();
    p.heard("ready", beat());
    p.heard("other session", beat({ session: "t" }));
    p.heard("opening", beat({ canTrain: false, session: null }));
    p.heard("out", beat({ canTrain: false, session: null, reason: "no dataset" }));
    assert.deepEqual([...p.able("s")], ["ready"]);
    assert.deepEqual([...p.preparing("s")].sort(), ["opening", "other session"]);
  });

  it("tells whose training failed in a round, and not who has no trainer just now", () => {
    const p = presence();
    p.heard("failed", beat({ phase: "failed", round: 4 }));
    p.heard("before", beat({ phase: "failed", round: 3 }));
    p.heard("busy", beat({ phase: "training", round: 4 }));
    p.heard("restarting", beat({ phase: "failed", round: 4, canTrain: false, session: null }));
    p.heard("gone", beat({ phase: "failed", round: 4 }));
    p.gone("gone");
    assert.deepEqual([...p.gaveUp("s", 4)], ["failed"]);
  });

  it("tells who trains at all: not the dead, and not those without a backend", () => {
    const p = presence();
    p.heard("silent", beat());
    nowMs += 1000;
    p.heard("idle", beat({ canTrain: false, session: null }));
    p.heard("only votes", beat({ backend: null, canTrain: false, session: null }));
    assert.deepEqual([...p.trainers()], ["idle"]);
  });
});
