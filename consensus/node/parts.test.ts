import assert from "node:assert/strict";
import type { Message } from "../raft/messages.js";
import { SILENT } from "../testing/raft_hub.js";
import { Inbox } from "./inbox.js";
import { Ticker } from "./ticker.js";

const numbered = (term: number): Message => ({ type: "timeoutNow", from: "a", to: "b", term });
const drain = (inbox: Inbox): number[] => {
  const terms: number[] = [];
  for (let m = inbox.take(); m !== undefined; m = inbox.take()) terms.push(m.term);
  return terms;
};

describe("raft inbox", () => {
  it("drops the oldest beyond its count", () => {
    const inbox = new Inbox(3, 1000);
    for (let i = 0; i < 10; i++) inbox.push(numbered(i), 1);
    assert.equal(inbox.dropped, 7);
    assert.deepEqual(drain(inbox), [7, 8, 9]);
  });

  it("drops the oldest beyond its bytes, but not the newest alone", () => {
    const inbox = new Inbox(100, 1000);
    for (let i = 0; i < 5; i++) inbox.push(numbered(i), 400);
    assert.deepEqual(drain(inbox), [3, 4]);
    inbox.push(numbered(9), 5000);
    assert.deepEqual(drain(inbox), [9]);
  });

  it("keeps the order over many messages", () => {
    const inbox = new Inbox(5000, 1e9);
    const seen: number[] = [];
    for (let i = 0; i < 4000; i++) {
      inbox.push(numbered(i), 1);
      if (i % 3 === 0) seen.push(inbox.take()?.term ?? -1);
    }
    seen.push(...drain(inbox));
    assert.deepEqual(
      seen,
      Array.from({ length: 4000 }, (_, i) => i),
    );
    assert.equal(inbox.size, 0);
  });
});

describe("raft ticker", () => {
  it("ticks once after a pause, however long, and says that there was one", () => {
    let now = 0;
    let ticks = 0;
    const warnings: object[] = [];
    const logger = { ...SILENT, warn: (facts: object) => warnings.push(facts) };
    const ticker = new Ticker(
      100,
      logger,
      () => ticks++,
      () => now,
    );
    for (const pause of [100, 130, 90]) {
      now += pause;
      ticker.fire();
    }
    assert.deepEqual([ticks, warnings], [3, []]);
    now += 60_000;
    ticker.fire();
    assert.deepEqual([ticks, warnings], [4, [{ pauseMs: 60_000, tickMs: 100 }]]);
  });
});
