import assert from "node:assert/strict";
import { setImmediate as turn } from "node:timers/promises";
import { ServiceError } from "../services/errors.js";
import { EventHub, type EventSink } from "./hub.js";
import { EVENT_LIMITS } from "./limits.js";
import { EventRing } from "./ring.js";
import { EVENT_TYPES, type EventType } from "./schema.js";
import { Seats } from "./seats.js";
import { exampleEvent, largeEvent } from "./testing/examples.js";

interface TestSink extends EventSink {
  /** Sequence numbers, one line a write. */
  readonly writes: Buffer[];
  readonly said: string[];
  takes: boolean;
}

let encoded = 0;
const encoding = {
  name: "test",
  encode: ({ seq }: { seq: number }) => {
    encoded += 1;
    return Buffer.from(`${seq} `);
  },
};

function sink(): TestSink {
  const made: TestSink = {
    encoding,
    writes: [],
    said: [],
    takes: true,
    write: (bytes) => {
      made.writes.push(bytes);
      return made.takes;
    },
    tooSlow: (message) => made.said.push(message),
    closing: () => made.said.push("closing"),
  };
  return made;
}
const text = ({ writes }: TestSink) => Buffer.concat(writes).toString().trim();

describe("daemon/events: hub", () => {
  let hub: EventHub;
  let nowMs = 0;
  const open = (eventsMax: number = EVENT_LIMITS.eventsMax) => {
    const ring = new EventRing("5f0c2a9be17d", { eventsMax, bytesMax: EVENT_LIMITS.eventsBytes });
    hub = new EventHub({ ring, now: () => nowMs, wallNow: () => 1 });
  };
  const subscribe = (to: EventSink, after: string | null = null, types: readonly EventType[] = EVENT_TYPES) =>
    hub.subscribe(to, { types, after });
  const tell = (...types: EventType[]) => {
    for (const type of types) hub.publish(exampleEvent(type));
  };
  beforeEach(() => {
    encoded = 0;
    nowMs = 0;
  });
  afterEach(() => hub.stop());

  it("sends the events of one turn together, encoded once for all readers of a kind", async () => {
    open();
    const sinks = Array.from({ length: 50 }, sink);
    for (const one of sinks) subscribe(one);
    tell("node_joined", "alert");
    await turn();
    for (const one of sinks) assert.deepEqual([text(one), one.writes.length], ["1 2", 1]);
    assert.equal(encoded, 2);
    assert.equal(new Set(sinks.map((one) => one.writes[0])).size, 1, "the very same bytes");
  });

  it("sends each reader the types that it wants, and nothing else", async () => {
    open();
    const [all, some] = [sink(), sink()];
    subscribe(all);
    const reader = subscribe(some, null, ["alert", "node_left"]);
    tell("node_joined", "alert", "model_update", "node_left");
    await turn();
    reader.want(["model_update"]);
    tell("alert", "model_update");
    await turn();
    assert.deepEqual([text(all), text(some)], ["1 2 3 4 5 6", "2 4 6"]);
  });

  it("goes on after an id, also in the middle", async () => {
    open();
    tell("alert", "alert", "alert");
    const late = sink();
    const reader = subscribe(late, "5f0c2a9be17d-1");
    assert.deepEqual([reader.after, reader.gap], ["5f0c2a9be17d-1", false]);
    await turn();
    assert.equal(text(late), "2 3");
    assert.deepEqual(reader.resume("5f0c2a9be17d-2"), { after: "5f0c2a9be17d-2", gap: false });
    await turn();
    assert.equal(text(late), "2 3 3");
    assert.equal(subscribe(sink(), "0123456789ab-2").gap, true);
  });

  it("hands a reader that is behind one batch at a time", async () => {
    open();
    const bytes = EVENT_LIMITS.batchBytes / 4;
    for (let i = 0; i < 12; i++) hub.publish(largeEvent(bytes));
    const late = sink();
    subscribe(late, "5f0c2a9be17d-0");
    for (let i = 0; i < 20; i++) await turn();
    assert.equal(text(late), "1 2 3 4 5 6 7 8 9 10 11 12");
    assert.ok(late.writes.length >= 3);
  });

  it("writes nothing to a reader that takes nothing, and goes on where it was", async () => {
    open();
    const slow = sink();
    const reader = subscribe(slow);
    slow.takes = false;
    tell("alert");
    await turn();
    tell("alert", "alert");
    await turn();
    assert.equal(text(slow), "1");
    slow.takes = true;
    reader.drained();
    await turn();
    assert.equal(text(slow), "1 2 3");
    assert.deepEqual(slow.said, []);
  });

  it("tells a reader that the ring has gone past, and drops it alone", async () => {
    open(4);
    const [slow, quick] = [sink(), sink()];
    subscribe(slow);
    subscribe(quick);
    slow.takes = false;
    for (let i = 0; i < 6; i++) {
      tell("alert");
      await turn();
    }
    assert.equal(text(slow), "1");
    assert.equal(slow.said.length, 1);
    assert.match(slow.said[0] ?? "", /too slow/);
    assert.deepEqual([text(quick), quick.said, hub.readers], ["1 2 3 4 5 6", [], 1]);
  });

  it("tells every reader that the node stops, after the last event", () => {
    open();
    const one = sink();
    subscribe(one);
    tell("alert");
    hub.stop();
    assert.deepEqual([text(one), one.said], ["1", ["closing"]]);
    tell("alert");
    assert.equal(text(one), "1");
  });
});

describe("daemon/events: seats", () => {
  const full = (work: () => unknown, setting: string) =>
    assert.throws(
      work,
      (error) =>
        error instanceof ServiceError &&
        error.name === "TOO_MANY_STREAMS" &&
        error.details.setting === setting,
    );

  it("are bounded in all, by address and by caller, and free again once left", () => {
    const seats = new Seats({ all: 3, perAddress: 2, perCaller: 1 });
    const first = seats.take("a");
    const second = seats.take("a");
    full(() => seats.take("a"), "events.max_clients_per_address");
    first.claim("user:ada");
    first.claim("user:ada");
    full(() => second.claim("user:ada"), "events.max_clients_per_caller");
    seats.take("b");
    full(() => seats.take("c"), "events.max_clients");
    first.leave();
    first.leave();
    assert.equal(seats.taken, 2);
    second.claim("user:ada");
    seats.take("a");
  });
});
