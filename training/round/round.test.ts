import assert from "node:assert/strict";
import { cursorAfter, RoundCore, setKey } from "./index.js";
import { World } from "./testing/world.js";
import type { AnnouncedUpdate, RoundAggregation, RoundEffect, RoundLimits, RoundProposal } from "./types.js";

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

/** One node's core in a round of three, with everybody's update: each does 10 steps of a lane of 40. */
function inRound(role: { self: string; leader?: boolean }, limits?: RoundLimits) {
  const world = new World({ seed: 8, nodes: 3 });
  world.start();
  world.run(() => world.cores.get("n0")?.open !== null, 1000);
  const context = world.cores.get("n0")?.open;
  assert.ok(context);
  const core = new RoundCore({ leader: false, voter: true, term: 1, ...role }, limits);
  core.ableChanged(new Set(world.names), 0);
  core.opened(context, 0);
  const updates = world.names.map((name) => world.updateOf(name, context, 10));
  return { core, context, updates };
}

const kinds = (effects: readonly RoundEffect[]) => effects.map((e) => e.kind);
const all = (core: RoundCore, updates: readonly AnnouncedUpdate[]) =>
  updates.flatMap((u) => core.announced(u, true, 0).effects);
const verdictOf = (effects: readonly RoundEffect[]) => effects.find((e) => e.kind === "verdict");

describe("training/round recomputation", () => {
  it("tries a failed one again after pauses that grow, and not at once", () => {
    const { core, updates } = inRound({ self: "n1" });
    const key = setKey(updates);
    assert.ok(kinds(all(core, updates)).includes("aggregate"));
    let nowMs = 0;
    for (const pauseMs of [500, 1000, 2000]) {
      assert.deepEqual(kinds(core.aggregateFailed(key, "no space", [], nowMs)), []);
      assert.deepEqual(kinds(core.tick(nowMs + pauseMs - 1)), []);
      nowMs += pauseMs;
      assert.deepEqual(kinds(core.tick(nowMs)), ["aggregate"]);
    }
  });

  it("fetches a payload that is no longer here again, and then answers the leader that waits", () => {
    const { core, context, updates } = inRound({ self: "n1" });
    const [lost] = updates as [AnnouncedUpdate];
    const key = setKey(updates);
    all(core, updates);
    const result = resultOf(updates, []);
    assert.deepEqual(kinds(core.proposed(7, proposalOf(updates, [], result), 0)), []);
    const failed = core.aggregateFailed(key, "it is not here", [lost.payload.hash], 0);
    assert.deepEqual(failed, [{ kind: "fetch", update: lost }]);
    assert.deepEqual(kinds(core.tick(600)), [], "not without the payload");
    assert.deepEqual(kinds(core.held(lost.payload.hash, 700)), ["aggregate"]);
    assert.deepEqual(core.aggregated(key, result, 800), [
      { kind: "verdict", id: 7, verdict: { kind: "matched" } },
    ]);
    assert.equal(context.round, 1);
  });

  it("a leader that lost a payload closes the round again when it has it back", () => {
    const { core, updates } = inRound({ self: "n0", leader: true });
    const [lost] = updates as [AnnouncedUpdate];
    assert.ok(kinds(all(core, updates)).includes("aggregate"));
    assert.deepEqual(kinds(core.aggregateFailed(setKey(updates), "gone", [lost.payload.hash], 0)), ["fetch"]);
    assert.deepEqual(kinds(core.held(lost.payload.hash, 700)), ["aggregate"]);
  });

  const resultOf = (counted: readonly AnnouncedUpdate[], rejected: RoundAggregation["rejected"]) => {
    const ref = { hash: `sha256:${"a".repeat(64)}` as const, bytes: 1, chunkRoot: counted[0]!.payload.hash };
    return { ref, counted: counted.map((u) => u.peer), rejected };
  };
  const proposalOf = (
    updates: readonly AnnouncedUpdate[],
    excluded: readonly AnnouncedUpdate[],
    { ref, rejected }: RoundAggregation,
  ): RoundProposal => {
    const { context } = inRound({ self: "n1" });
    const cursor = cursorAfter(context, updates);
    return { session: "s", round: 1, updates, excluded, rejected, result: ref, cursor };
  };

  it("counts the first updates to come when there are more than a decision can hold", () => {
    const { core, updates } = inRound({ self: "n0", leader: true }, { updatesMax: 2, reasonCharsMax: 8 });
    const [n0, n1, n2] = updates as [AnnouncedUpdate, AnnouncedUpdate, AnnouncedUpdate];
    const effects = all(core, [n2, n0, n1]);
    const closed = effects.find((e) => e.kind === "aggregate");
    assert.deepEqual(closed?.kind === "aggregate" && closed.updates, [n0, n2]);
    const rejected = [{ peer: "n2", reason: "a reason that is too long" }];
    const proposed = core.aggregated(setKey([n0, n2]), resultOf([n0], rejected), 0);
    const proposal = proposed.find((e) => e.kind === "propose");
    assert.deepEqual(proposal?.kind === "propose" && proposal.proposal.rejected, [
      { peer: "n2", reason: "a reason" },
    ]);
  });

  it("signs a rejection only if it rejects that update itself, for the same reason", () => {
    const rejected = [{ peer: "n2", reason: "holds NaN" }];
    const judge = (change: Partial<RoundProposal>, mine: "rejects" | "counts" = "rejects") => {
      const { core, updates } = inRound({ self: "n1" });
      const [n0, n1, n2] = updates as [AnnouncedUpdate, AnnouncedUpdate, AnnouncedUpdate];
      const honest = proposalOf([n0, n1], [n2], resultOf([n0, n1], rejected));
      all(core, updates);
      const early = verdictOf(core.proposed(1, { ...honest, ...change }, 0));
      const result = mine === "rejects" ? resultOf([n0, n1], rejected) : resultOf(updates, []);
      const late = verdictOf(core.aggregated(setKey(updates), result, 0));
      const verdict = early ?? late;
      assert.ok(verdict?.kind === "verdict", "there is no answer");
      return "reason" in verdict.verdict ? verdict.verdict.reason : null;
    };
    const { context } = inRound({ self: "n1" });
    const world = new World({ seed: 8, nodes: 4 });
    const stranger = world.updateOf("n3", context, 10);
    const n0 = world.updateOf("n0", context, 10);
    assert.equal(judge({}), null);
    assert.match(String(judge({}, "counts")), /counts the update of n2, the proposal rejects it/);
    assert.match(
      String(judge({ rejected: [{ peer: "n2", reason: "lazy" }] })),
      /for another reason: holds NaN/,
    );
    assert.match(String(judge({ excluded: [] })), /not the ones that it shows/);
    assert.match(
      String(judge({ excluded: [stranger], rejected: [{ peer: "n3", reason: "x" }] })),
      /update of n3: its author is not a participant/,
    );
    assert.match(
      String(judge({ excluded: [n0], rejected: [{ peer: "n0", reason: "x" }] })),
      /two updates of one peer/,
    );
  });
});

describe("training/round progress", () => {
  it("lets a liar's progress count as its share at most, and its lane by its manifest", () => {
    const { core, updates } = inRound({ self: "n0" });
    const finishes = (effects: RoundEffect[]) => kinds(effects).includes("finish");
    assert.ok(!finishes(core.progress("n1", "s", 1, 1e9, 0)));
    assert.equal(core.stepsOf("n1"), 40, "nobody does more than its lane");
    assert.ok(!finishes(core.progress("n0", "s", 1, 1, 0)));
    assert.ok(!finishes(core.progress("n2", "s", 1, 10, 0)));
    assert.ok(!finishes(core.progress("n0", "s", 1, 9, 0)));
    assert.ok(finishes(core.progress("n0", "s", 1, 10, 0)));

    const other = inRound({ self: "n0" });
    const fast = { ...(updates[1] as AnnouncedUpdate), steps: 29, samples: 116 };
    other.core.progress("n0", "s", 1, 1, 0);
    assert.ok(finishes(other.core.announced(fast, true, 0).effects));
  });
});

describe("training/round failure", () => {
  it("does not wait for the deadline when training has failed on everybody", () => {
    const { core } = inRound({ self: "n0", leader: true });
    const ended = (nowMs: number) => core.tick(nowMs).find((e) => e.kind === "fail")?.reason ?? null;
    core.trainingFailed("s", 1, 100);
    assert.ok(core.hasGivenUp);
    core.gaveUpChanged("s", 1, new Set(["n1"]), 200);
    assert.equal(ended(4000), null, "n2 is training");
    core.gaveUpChanged("s", 77, new Set(["n1", "n2"]), 4000);
    assert.equal(ended(4000), null, "that was another round");
    const effects = core.gaveUpChanged("s", 1, new Set(["n1", "n2"]), 4000);
    assert.deepEqual(kinds(effects), ["fail"]);
  });

  it("counts the others at once when training has failed on some", () => {
    const { core, updates } = inRound({ self: "n0", leader: true });
    core.trainingFailed("s", 1, 100);
    core.announced(updates[1] as AnnouncedUpdate, true, 200);
    const effects = core.gaveUpChanged("s", 1, new Set(["n2"]), 300);
    assert.deepEqual(kinds(effects), ["aggregate"]);
  });

  it("has not given up when its trainer died, and trains when it is back", () => {
    const { core } = inRound({ self: "n0", leader: true });
    core.ableChanged(new Set(["n1", "n2"]), 100);
    core.trainingFailed("s", 1, 100);
    assert.ok(!core.hasGivenUp);
    assert.deepEqual(kinds(core.ableChanged(new Set(["n0", "n1", "n2"]), 200)), ["train"]);
  });

  it("is written again for as long as the log has the round open, by the leader alone", () => {
    const { core } = inRound({ self: "n0", leader: true });
    const fails = (nowMs: number) => core.tick(nowMs).filter((e) => e.kind === "fail").length;
    assert.deepEqual([fails(4999), fails(5000), fails(9999), fails(10_000)], [0, 1, 0, 1]);
    assert.deepEqual([fails(19_999), fails(20_000)], [0, 1]);
    core.roleChanged({ self: "n0", leader: false, voter: true, term: 2 }, 20_000);
    assert.equal(fails(200_000), 0);
  });
});
