import assert from "node:assert/strict";
import { ServiceError } from "../services/errors.js";
import { WATCHERS_MAX } from "./swarm_settings.js";
import { type SettingsAlone, settingsAlone } from "./testing/alone.js";

const refusedWith = (name: string, details: object) => (error: unknown) => {
  assert.ok(error instanceof ServiceError, String(error));
  assert.deepEqual([error.name, error.details], [name, details]);
  return true;
};
const never = new AbortController().signal;

describe("daemon/settings", () => {
  let alone: SettingsAlone;

  beforeEach(async () => {
    alone = await settingsAlone();
  });
  afterEach(() => alone.stop());

  it("reads what was set, and says with which revision a change does not fit", async () => {
    const { settings } = alone;
    assert.deepEqual((await settings.read()).entries, []);
    const first = await settings.set("user.a", [1], 0);
    assert.deepEqual((await settings.read()).entries, [first]);
    const conflict = { committed: "no", revision: first.revision };
    await assert.rejects(settings.set("user.a", [2], 0), refusedWith("SETTING_CONFLICT", conflict));
    const second = await settings.set("user.a", [2], first.revision);
    assert.ok(second.revision > first.revision);
    await assert.rejects(settings.delete("user.a", first.revision), { name: "SETTING_CONFLICT" });
    const deleted = await settings.delete("user.a", second.revision);
    assert.deepEqual(await settings.read(), { revision: deleted, entries: [] });
    const gone = { committed: "no", revision: 0 };
    await assert.rejects(settings.delete("user.a", null), refusedWith("SETTING_NOT_FOUND", gone));
  });

  it("lets one of those that count together through at a time", async () => {
    const { settings } = alone;
    const add = async (): Promise<void> => {
      for (;;) {
        const held = (await settings.read()).entries.find(({ key }) => key === "user.count");
        const value = typeof held?.value === "number" ? held.value : 0;
        const error = await settings.set("user.count", value + 1, held?.revision ?? 0).then(
          () => null,
          (error: unknown) => error,
        );
        if (error === null) return;
        assert.ok(error instanceof ServiceError && error.name === "SETTING_CONFLICT", String(error));
      }
    };
    await Promise.all(Array.from({ length: 12 }, add));
    assert.equal((await settings.read()).entries[0]?.value, 12);
  });

  it("gives the parsed value of a known key, and none where there is none that it can read", async () => {
    const { settings } = alone;
    assert.equal(settings.value("training.dead_after"), null);
    await settings.set("training.dead_after", "9s", null);
    assert.equal(settings.value("training.dead_after"), 9000);
    await settings.set("training.dead_after", "of newer software", null);
    assert.equal(settings.value("training.dead_after"), null);
    await settings.set("committee.size", 3, null);
    assert.equal(settings.value("committee.size"), 3);
    await settings.set("committee.size", 4, null);
    assert.equal(settings.value("committee.size"), null);
  });

  it("tells of changes, and answers those that wait", async () => {
    const { settings } = alone;
    const heard: number[] = [];
    const off = settings.watch(({ before, after }) => heard.push(before.revision, after.revision));
    const waiting = settings.settled(({ entries }) => entries.length === 2, 60_000, never);
    const first = await settings.set("user.a", 1, null);
    const second = await settings.set("user.b", 1, null);
    assert.equal((await waiting).revision, second.revision);
    assert.deepEqual(heard, [0, first.revision, first.revision, second.revision]);
    off();
    await settings.delete("user.a", null);
    assert.equal(heard.length, 4);
    assert.equal((await settings.settled(() => false, 1, never)).entries.length, 1, "the time is over");
    const leaving = new AbortController();
    const left = settings.settled(() => false, 60_000, leaving.signal);
    leaving.abort();
    await left;
    const stopping = settings.settled(() => false, 60_000, never);
    settings.stop();
    await stopping;
  });

  it("lets a bounded number wait, and forgets those that are answered", async () => {
    const { settings } = alone;
    const leaving = new AbortController();
    const waits = Array.from({ length: WATCHERS_MAX }, () =>
      settings.settled(() => false, 60_000, leaving.signal),
    );
    await assert.rejects(
      settings.settled(() => false, 60_000, never),
      { name: "RATE_LIMITED" },
    );
    leaving.abort();
    await Promise.all(waits);
    await settings.settled(() => false, 1, never);
  });

  it("does not answer once its log has stopped", async () => {
    await alone.raft.stop();
    await assert.rejects(alone.settings.read(), { name: "NETWORK_PARTITION" });
  });
});
