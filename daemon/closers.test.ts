import assert from "node:assert/strict";
import { type Closer, closeAll, STOP_BUDGETS_MS } from "./closers.js";

/** What a node may take from the signal to its end, less half a second to write its last lines. */
const STOP_MS_MAX = 9500;

describe("closeAll", () => {
  const closed: string[] = [];
  const warned: string[] = [];
  const logger = { warn: ({ part }: { part: string }) => void warned.push(part) };
  beforeEach(() => {
    closed.length = 0;
    warned.length = 0;
  });
  const part = (name: string, more: Partial<Closer> = {}): Closer => ({
    name,
    budgetMs: 60_000,
    close: () => void closed.push(name),
    ...more,
  });
  const hangs = () => new Promise<void>(() => {});

  it("closes in reverse order, once", async () => {
    const closers = [part("store"), part("host"), part("swarm")];
    await closeAll(closers, logger);
    await closeAll(closers, logger);
    assert.deepEqual(closed, ["swarm", "host", "store"]);
  });

  it("closes what comes after a part that fails or hangs, and says which hung", async () => {
    const fails = part("host", { close: () => Promise.reject(new Error("no")) });
    const throws = part("trainer", {
      close: () => {
        throw new Error("no");
      },
    });
    const stuck = part("swarm", { budgetMs: 1, close: hangs });
    await assert.rejects(closeAll([part("store"), fails, throws, stuck], logger), {
      code: "STOP_TIMEOUT",
      message: /left behind: swarm$/,
    });
    assert.deepEqual(closed, ["store"]);
    assert.deepEqual(warned, ["swarm", "trainer", "host"]);
  });

  it("begins with what must begin at once, and does not wait for it before its turn", async () => {
    let drained: () => void = () => {};
    const api = part("api", {
      atOnce: true,
      close: () => {
        closed.push("api takes nothing new");
        return new Promise((resolve) => {
          drained = resolve;
        });
      },
    });
    const swarm = part("swarm", {
      close: () => {
        closed.push("swarm");
        drained();
      },
    });
    // The drain ends only once the swarm was left: waiting for it first would never end.
    await closeAll([part("store"), api, part("host"), swarm], logger);
    assert.deepEqual(closed, ["api takes nothing new", "swarm", "host", "store"]);
  });

  it("has budgets that end in time even when every part hangs", () => {
    const { api, ...budgets } = STOP_BUDGETS_MS;
    const { aggregation, store, ...beforeApi } = budgets;
    const sum = (parts: object) => Object.values(parts).reduce((total, ms) => total + ms, 0);
    assert.ok(Math.max(api, sum(beforeApi)) + aggregation + store <= STOP_MS_MAX);
  });
});
