import assert from "node:assert/strict";
import { World } from "./testing/world.js";

const SEEDS = 60;

/** Every batch of a committed round counted once; none below the cursor skipped unless it is a hole. */
function assertExactlyOnce(world: World): void {
  const seen = new Set(world.counted);
  assert.equal(seen.size, world.counted.length, "a batch was trained twice in committed rounds");
  const holes = new Set<number>();
  for (const [from, to] of world.cursor.holes) for (let b = from; b < to; b++) holes.add(b);
  for (let b = 0; b < world.cursor.next; b++) {
    assert.equal(
      seen.has(b),
      !holes.has(b),
      `batch ${b} is ${seen.has(b) ? "both done and" : "neither done nor"} a hole`,
    );
  }
}

const commits = (world: World) => world.log.filter((r) => r.kind === "commit");

describe("training/round", () => {
  it("commits rounds in which everybody counts", () => {
    const world = new World({ seed: 1, nodes: 4 });
    world.start();
    assert.ok(world.run(() => commits(world).length >= 5, 60_000));
    for (const round of commits(world)) assert.equal(round.updates.length, 4);
    assert.equal(world.log.filter((r) => r.kind === "fail").length, 0);
    assertExactlyOnce(world);
  });

  it("lets fast nodes do more and does not wait for a slow one beyond the target", () => {
    const world = new World({ seed: 2, nodes: 4, stepMs: [10, 10, 10, 100] });
    world.start();
    assert.ok(world.run(() => commits(world).length >= 4, 60_000));
    const steps = (peer: string) =>
      commits(world).reduce((n, r) => n + (r.updates.find((u) => u.peer === peer)?.steps ?? 0), 0);
    assert.ok(steps("n0") > 3 * steps("n3"), `fast ${steps("n0")}, slow ${steps("n3")}`);
    assert.ok(steps("n3") > 0, "the slow node still counts");
    assertExactlyOnce(world);
  });

  it("closes at the deadline without a node that hangs", () => {
    const world = new World({ seed: 3, nodes: 4, stepMs: [20, 20, 20, 1e9], timeoutMs: 3000 });
    world.start();
    assert.ok(world.run(() => commits(world).length >= 2, 60_000));
    for (const round of commits(world))
      assert.deepEqual(
        round.updates.map((u) => u.peer),
        ["n0", "n1", "n2"],
      );
    assertExactlyOnce(world);
  });

  it("does not wait for nodes whose lanes are empty at the end of the session", () => {
    const world = new World({ seed: 7, nodes: 4, totalBatches: 2 });
    world.start();
    assert.ok(
      world.run(() => commits(world).length === 1, 2000),
      "the round waits for its timeout",
    );
    assert.deepEqual(
      commits(world)[0]?.updates.map((u) => u.peer),
      ["n0", "n1"],
    );
    assert.deepEqual(world.cursor, { next: 2, holes: [] });
  });

  it("records a round that fails for too few updates and starts the next from the same version", () => {
    const world = new World({ seed: 4, nodes: 4, stepMs: [20, 1e9, 1e9, 1e9], timeoutMs: 1000 });
    world.start();
    assert.ok(world.run(() => world.log.length >= 2, 20_000));
    assert.equal(world.height, 0);
    for (const entry of world.log) assert.match(String(entry.reason), /too few updates: 1 of 4/);
  });

  it("counts the others when an update does not decode, and says whose it was", () => {
    const world = new World({ seed: 5, nodes: 4, poisoned: ["n2"] });
    world.start();
    assert.ok(world.run(() => commits(world).length >= 3, 60_000));
    for (const round of commits(world)) assert.ok(!round.updates.some((u) => u.peer === "n2"));
    assertExactlyOnce(world);
  });

  it("refuses an update of a stale base, of a stranger, and one that claims more than its lane", () => {
    const world = new World({ seed: 6, nodes: 3 });
    world.start();
    world.run(() => world.cores.get("n0")?.open !== null, 1000);
    const core = world.cores.get("n0");
    const context = core?.open;
    assert.ok(core && context);
    const good = world.updateOf("n1", context, 2);
    const faults = [
      { ...good, base: `sha256:${"9".repeat(64)}` as const },
      { ...good, peer: "mallory" },
      { ...good, steps: 1000, samples: 4000 },
      { ...good, samples: 9 },
      { ...good, codec: "fp32" },
      { ...good, lossNats: Number.NaN },
      { ...good, round: 77 },
      { ...good, payload: { ...good.payload, bytes: 2 ** 40 } },
    ].map((u) => core.announced(u, true, 0).fault);
    const expected = [
      /stale/,
      /not a participant/,
      /claims 1000 steps/,
      /claims 9 samples/,
      /codec/,
      /finite/,
      /round 77/,
      /has 1099511627776 bytes, this model's in int8 has 10/,
    ];
    faults.forEach((fault, i) => {
      assert.match(String(fault), expected[i] as RegExp);
    });
    assert.equal(core.announced(good, true, 0).fault, null);
  });

  it(`keeps committing, exactly once, under loss, kills and new leaders (${SEEDS} seeds)`, () => {
    for (let seed = 100; seed < 100 + SEEDS; seed++) {
      const world = new World({ seed, nodes: 5, lossRatio: 0.2, timeoutMs: 4000 });
      world.start();
      const victims = ["n0", "n3"];
      world.after(world.random() * 1500, () => world.kill(victims[0] as string));
      world.after(1500 + world.random() * 1500, () => world.kill(victims[1] as string));
      world.after(5000 + world.random() * 3000, () => world.revive("n3"));
      world.after(6000 + world.random() * 3000, () => world.revive("n0"));
      assert.ok(
        world.run(() => commits(world).length >= 12 && world.nowMs > 12_000, 200_000),
        `seed ${seed}: ${commits(world).length} commits of ${JSON.stringify(world.log.at(-1))}`,
      );
      assertExactlyOnce(world);
    }
  });
});
