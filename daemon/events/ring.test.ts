import assert from "node:assert/strict";
import fc from "fast-check";
import { EventRing } from "./ring.js";
import { EVENT_SCHEMAS, EVENT_TYPES, eventSchema } from "./schema.js";
import { exampleEvent, largeEvent } from "./testing/examples.js";

const AT = "2026-01-02T03:04:05.000Z";
const EPOCH = "5f0c2a9be17d";

const read = (ring: EventRing, position: number) => {
  const seqs: number[] = [];
  for (let event = ring.after(position); event !== undefined; event = ring.after(event.seq))
    seqs.push(event.seq);
  return seqs;
};

describe("daemon/events: ring", () => {
  it("writes every type of event as its schema has it", () => {
    const ring = new EventRing(EPOCH, { eventsMax: 100, bytesMax: 1e6 });
    for (const type of EVENT_TYPES) {
      const example = exampleEvent(type);
      assert.deepEqual(EVENT_SCHEMAS[type].parse(example.data), example.data, type);
      const sent = JSON.parse(ring.push(example, AT).json) as unknown;
      assert.deepEqual(eventSchema.parse(sent), sent);
    }
  });

  it("keeps the last events within both bounds, in order, under ids that go up by one", () => {
    const sizes = fc.array(fc.nat(400), { maxLength: 60 });
    fc.assert(
      fc.property(sizes, fc.integer({ min: 1, max: 12 }), (all, eventsMax) => {
        const ring = new EventRing(EPOCH, { eventsMax, bytesMax: 1500 });
        const sent = all.map((size) => ring.push(largeEvent(size), AT));
        const kept = read(ring, ring.oldestPosition);
        assert.deepEqual(
          kept,
          sent.slice(ring.oldestPosition).map((e) => e.seq),
        );
        assert.ok(kept.length <= eventsMax);
        const bytes = sent.slice(ring.oldestPosition).reduce((sum, e) => sum + e.json.length, 0);
        assert.ok(bytes <= 1500 || kept.length === 1);
        assert.equal(kept.length > 0, sent.length > 0, "the newest is always kept");
        assert.equal(ring.lastSeq, sent.length);
        if (ring.oldestPosition > 0) assert.equal(ring.after(ring.oldestPosition - 1), undefined);
        assert.equal(ring.after(ring.lastSeq), undefined);
      }),
    );
  });

  it("goes on after an id that it still has, and says that there is a gap after any other", () => {
    const ring = new EventRing(EPOCH, { eventsMax: 3, bytesMax: 1e6 });
    for (let i = 0; i < 5; i++) ring.push(exampleEvent("node_left"), AT);
    const resume = (id: string) => {
      const { position, gap } = ring.resume(id);
      return [read(ring, position), gap];
    };
    assert.deepEqual(resume(`${EPOCH}-4`), [[5], false]);
    assert.deepEqual(resume(`${EPOCH}-5`), [[], false]);
    assert.deepEqual(resume(`${EPOCH}-2`), [[3, 4, 5], false], "the first that is kept is the next one");
    assert.deepEqual(resume(`${EPOCH}-1`), [[3, 4, 5], true], "event 2 is gone");
    assert.deepEqual(resume(`${EPOCH}-6`), [[3, 4, 5], true], "not given yet");
    assert.deepEqual(resume("000000000000-4"), [[3, 4, 5], true], "of another start");
  });
});
