import assert from "node:assert/strict";
import { memberCheck } from "./members.js";
import { Presence } from "./presence.js";
import { beat } from "./testing/beat.js";

describe("daemon/swarm: presence", () => {
  let nowMs = 0;
  const presence = (isMember = (_peer: string) => true, connected: readonly string[] = []) =>
    new Presence("self", {
      deadAfterMs: 1000,
      now: () => nowMs,
      isMember,
      isConnected: (peer) => connected.includes(peer),
    });

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

  it("lets nobody count who is not a member, however many heartbeats are minted", () => {
    const connected = ["guest"];
    const p = presence((peer) => peer.startsWith("member"), connected);
    p.heard("member a", beat());
    p.heard("member b", beat({ canTrain: false, session: null }));
    p.heard("guest", beat({ canTrain: false, session: null }));
    for (let i = 0; i < 20_000; i++) p.heard(`minted ${i}`, beat({ canTrain: i % 2 === 0, session: null }));
    assert.deepEqual(
      p.all().map((s) => s.peer),
      ["member a", "member b", "guest"],
      "only these are asked for anything",
    );
    assert.deepEqual([...p.able("s")], ["member a"]);
    assert.deepEqual([...p.preparing("s")], ["member b"]);
    assert.equal(p.aliveMembers().length, 2);
    connected.length = 0;
    assert.ok(!p.all().some((s) => s.peer === "guest"), "a guest that has left is not asked any more");
  });

  it("keeps members apart from connected peers, of which it keeps a bounded number", () => {
    const isConnected = () => true;
    const isMember = (peer: string) => peer === "member";
    const p = new Presence("self", { deadAfterMs: 1000, now: () => nowMs, isMember, isConnected });
    p.heard("member", beat());
    for (let i = 0; i < 1500; i++) p.heard(`guest ${i}`, beat());
    assert.equal(p.all().length, 1001);
    assert.ok(p.isAlive("member") && p.isAlive("guest 1499") && !p.isAlive("guest 0"));
  });

  it("counts a guest that becomes a member at once, and a member no longer one not at all", () => {
    let members = [{ peer: "a", name: "", joinedIndex: 1 }];
    const p = presence(
      memberCheck(() => ({ members })),
      ["a", "b"],
    );
    p.heard("a", beat());
    p.heard("b", beat());
    assert.deepEqual([...p.able("s")], ["a"]);
    members = [{ peer: "b", name: "", joinedIndex: 2 }];
    assert.deepEqual([...p.able("s")], ["b"]);
  });
});
