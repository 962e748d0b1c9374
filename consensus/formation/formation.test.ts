import assert from "node:assert/strict";
import { FormationCore, FormationRunner, formationOf, type Genesis } from "./index.js";
import { EMPTY_RECORD, type FormationRecord } from "./messages.js";
import type { FormationEffect, FormationMode, FormationOutcome, FormationPeer } from "./types.js";

const SEEDS = 300;

/** Founders over a seeded network that loses, delays and cuts, with crashes that lose what was not persisted. */
class World {
  nowMs = 0;
  readonly disks = new Map<string, FormationRecord | null>();
  readonly up = new Map<string, FormationCore>();
  readonly outcomes = new Map<string, FormationOutcome>();
  private readonly cuts = new Set<string>();
  private timers: { atMs: number; order: number; run: () => void }[] = [];
  private order = 0;
  private state: number;

  constructor(
    seed: number,
    readonly names: readonly string[],
    public mode: (name: string) => FormationMode,
    private readonly lossRatio = 0,
  ) {
    this.state = (seed + 0x9e3779b9) >>> 0;
    for (const name of names) this.disks.set(name, null);
  }

  random = (): number => {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let t = this.state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };

  after(ms: number, run: () => void): void {
    this.timers.push({ atMs: this.nowMs + ms, order: this.order++, run });
  }

  run(untilMs: number, done: () => boolean = () => false): void {
    while (!done()) {
      this.timers.sort((a, b) => a.atMs - b.atMs || a.order - b.order);
      const next = this.timers[0];
      if (!next || next.atMs > untilMs) break;
      this.timers.shift();
      this.nowMs = next.atMs;
      next.run();
    }
  }

  start(name: string): void {
    const core = new FormationCore({
      self: name,
      swarm: "test",
      mode: this.mode(name),
      record: this.disks.get(name) ?? null,
      nonce: () =>
        Math.floor(this.random() * 2 ** 32)
          .toString(16)
          .padStart(32, "0"),
      random: this.random,
    });
    this.up.set(name, core);
    const tick = (): void => {
      if (this.up.get(name) !== core) return;
      this.perform(name, core, core.tick(this.peersOf(name), this.nowMs));
      this.after(100, tick);
    };
    this.after(this.random() * 50, tick);
  }

  crash(name: string): void {
    this.up.delete(name);
  }

  cut(a: string, b: string, is: boolean): void {
    for (const link of [`${a}>${b}`, `${b}>${a}`]) is ? this.cuts.add(link) : this.cuts.delete(link);
  }

  founded(): Set<string> {
    const formations = new Set<string>();
    for (const record of this.disks.values())
      if (record?.founded && record.promise) formations.add(formationOf(record.promise));
    return formations;
  }

  /** Foundings that a majority of their voters know of: only these can ever agree on anything. */
  alive(): Set<string> {
    const alive = new Set<string>();
    for (const { promise: genesis } of [...this.disks.values()].map((r) => r ?? EMPTY_RECORD)) {
      if (genesis === null) continue;
      const formation = formationOf(genesis);
      const knowing = genesis.voters.filter((voter) => {
        const record = this.disks.get(voter);
        return record?.founded && record.promise && formationOf(record.promise) === formation;
      });
      if (knowing.length > genesis.voters.length / 2) alive.add(formation);
    }
    return alive;
  }

  describe(): string {
    const of = (name: string) => {
      const record = this.disks.get(name);
      const promise = record?.promise
        ? `${record.promise.voters}${record.founded ? " founded" : " promised"}`
        : "free";
      return `${name}: ${promise}, ${this.outcomes.get(name)?.kind ?? "waiting"}${this.up.has(name) ? "" : ", down"}`;
    };
    return this.names.map(of).join("; ");
  }

  /** Before this moment `a` does not know of `b`; the network works all the same. */
  discoveredAtMs: (a: string, b: string) => number = () => 0;

  private peersOf(name: string): FormationPeer[] {
    const others = [...this.up].filter(
      ([other]) =>
        other !== name &&
        !this.cuts.has(`${name}>${other}`) &&
        this.nowMs >= this.discoveredAtMs(name, other),
    );
    return others.map(([peer, core]) => {
      const mode = this.mode(peer);
      const outcome = this.outcomes.get(peer);
      const joined = outcome?.kind === "join" ? outcome.formation : null;
      const formation = core.founded ? formationOf(core.founded) : joined;
      return { peer, expect: mode.kind === "expect" ? mode.count : 0, formation };
    });
  }

  private perform(name: string, core: FormationCore, effects: readonly FormationEffect[]): void {
    for (const effect of effects) {
      if (this.up.get(name) !== core) return;
      if (effect.kind === "persist") {
        // A crash in the middle of things: before the write, or after it and before what follows.
        const crashAt = this.random();
        if (crashAt >= this.crashRatio / 2) this.disks.set(name, effect.record);
        if (crashAt < this.crashRatio) this.crashAndReturn(name);
        if (crashAt < this.crashRatio) return;
      }
      if (effect.kind === "outcome") this.outcomes.set(name, effect.outcome);
      if (effect.kind === "note") this.notes.push(effect.message);
      if (effect.kind === "ask") this.ask(name, core, effect.to, effect.request);
    }
  }

  readonly notes: string[] = [];
  crashRatio = 0;

  private crashAndReturn(name: string): void {
    this.crash(name);
    this.after(200 + this.random() * 2000, () => this.start(name));
  }

  private ask(
    from: string,
    core: FormationCore,
    to: string,
    request: Parameters<FormationCore["request"]>[1],
  ): void {
    this.deliver(from, to, () => {
      const target = this.up.get(to);
      if (!target) return;
      const { response, effects } = target.request(from, request);
      this.perform(to, target, effects);
      if (this.up.get(to) !== target) return;
      this.deliver(to, from, () => {
        if (this.up.get(from) === core)
          this.perform(from, core, core.response(to, request, response, this.nowMs));
      });
    });
  }

  private deliver(from: string, to: string, run: () => void): void {
    if (this.cuts.has(`${from}>${to}`) || this.random() < this.lossRatio) return;
    this.after(1 + this.random() * 60, run);
  }
}

const expecting = (count: number) => (): FormationMode => ({ kind: "expect", count });

describe("consensus/formation", () => {
  it("founds one swarm of the nodes that expect each other", () => {
    const world = new World(1, ["a", "b", "c"], expecting(3));
    for (const name of world.names) world.start(name);
    world.run(10_000, () => world.outcomes.size === 3);
    assert.equal(world.outcomes.size, 3);
    assert.equal(world.founded().size, 1);
    for (const outcome of world.outcomes.values()) assert.equal(outcome.kind, "formed");
  });

  it("does not found with fewer than it expects, nor when told to join only", () => {
    const few = new World(2, ["a", "b"], expecting(3));
    for (const name of few.names) few.start(name);
    few.run(20_000);
    assert.equal(few.founded().size, 0);
    const joiners = new World(3, ["a", "b", "c"], expecting(0));
    for (const name of joiners.names) joiners.start(name);
    joiners.run(20_000);
    assert.equal(joiners.outcomes.size, 0);
  });

  it("lets latecomers join instead of founding another", () => {
    const world = new World(4, ["a", "b", "c", "d", "e"], expecting(3));
    for (const name of ["b", "c", "e"]) world.start(name);
    world.run(8000);
    for (const name of ["a", "d"]) world.start(name);
    world.run(20_000);
    assert.equal(world.founded().size, 1);
    for (const name of ["a", "d"]) assert.equal(world.outcomes.get(name)?.kind, "join");
  });

  it("founds alone when told to, and then stays what it is", () => {
    const world = new World(5, ["a"], () => ({ kind: "form" }));
    world.start("a");
    world.run(5000);
    const [first] = world.founded();
    assert.ok(first);
    world.crash("a");
    world.start("a");
    world.run(10_000);
    assert.deepEqual([...world.founded()], [first]);
  });

  it("two foundings under one name have different formations", () => {
    const found = (seed: number): Genesis => {
      const world = new World(seed, ["a", "b"], expecting(2));
      for (const name of world.names) world.start(name);
      world.run(10_000);
      const outcome = world.outcomes.get("a");
      assert.ok(outcome?.kind === "formed");
      return outcome.genesis;
    };
    assert.notEqual(formationOf(found(6)), formationOf(found(7)));
  });

  it("holds a promise across a restart and refuses another founding meanwhile", () => {
    const world = new World(8, ["a", "b", "c"], expecting(2));
    world.start("b");
    const genesis: Genesis = {
      v: 1,
      swarm: "test",
      nonce: "0".repeat(32),
      voters: ["a", "b"],
      formedAtMs: 1,
    };
    const first = world.up.get("b");
    assert.ok(first);
    const { response, effects } = first.request("a", { v: 1, kind: "prepare", genesis });
    assert.equal(response.kind, "promised");
    const persisted = effects.find((e) => e.kind === "persist");
    assert.ok(persisted?.kind === "persist");
    world.disks.set("b", persisted.record);
    world.crash("b");
    world.start("b");
    const restarted = world.up.get("b");
    const rival: Genesis = { ...genesis, voters: ["b", "c"], nonce: "1".repeat(32) };
    assert.equal(restarted?.request("c", { v: 1, kind: "prepare", genesis: rival }).response.kind, "refused");
    assert.equal(restarted?.request("a", { v: 1, kind: "prepare", genesis }).response.kind, "promised");
    assert.equal(restarted?.request("c", { v: 1, kind: "commit", genesis }).response.kind, "refused");
  });

  it("does not act on a promise that could not be stored", async () => {
    let full = true;
    let stored: Uint8Array | undefined;
    const runner = new FormationRunner({
      self: "b",
      swarm: "test",
      mode: { kind: "expect", count: 2 },
      store: {
        load: async () => stored,
        save: async (record) => {
          if (full) throw new Error("no space left on device");
          stored = record;
        },
      },
      request: () => new Promise(() => undefined),
      peers: () => [],
      genesis: () => null,
      logger: { debug: () => undefined, info: () => undefined, warn: () => undefined },
    });
    const genesis: Genesis = {
      v: 1,
      swarm: "test",
      nonce: "0".repeat(32),
      voters: ["a", "b"],
      formedAtMs: 1,
    };
    const prepare = { v: 1, kind: "prepare", genesis } as const;
    for (let i = 0; i < 2; i++) await assert.rejects(runner.handle("a", prepare), /no space/);
    full = false;
    assert.equal((await runner.handle("a", prepare)).kind, "promised");
    assert.ok(stored);
  });

  it(`found one, however many more there are, in whatever order they discover each other (${SEEDS} seeds)`, () => {
    for (let seed = 1000; seed < 1000 + SEEDS; seed++) {
      const probe = new World(seed, [], expecting(0));
      const size = 2 + Math.floor(probe.random() * 4);
      // Enough for a second swarm, and more.
      const names = Array.from({ length: 2 * size + Math.floor(probe.random() * 3) }, (_, i) => `n${i}`);
      const world = new World(seed, names, expecting(size), 0.05);
      const started = new Map(names.map((name) => [name, world.random() * 3000]));
      const delays = new Map<string, number>();
      for (const a of names) for (const b of names) delays.set(`${a}>${b}`, world.random() * 900);
      world.discoveredAtMs = (a, b) =>
        Math.max(started.get(a) ?? 0, started.get(b) ?? 0) + (delays.get(`${a}>${b}`) ?? 0);
      for (const name of names) world.after(started.get(name) ?? 0, () => world.start(name));
      world.run(60_000, () => world.outcomes.size === names.length);
      assert.equal(world.founded().size, 1, `seed ${seed}: ${world.describe()}`);
      assert.equal(world.outcomes.size, names.length, `seed ${seed}: ${world.describe()}`);
    }
  });

  it("does not found a second one with `form` beside one that is there", () => {
    const world = new World(21, ["a", "b", "z"], (name) =>
      name === "z" ? { kind: "form" } : { kind: "expect", count: 2 },
    );
    for (const name of ["a", "b"]) world.start(name);
    world.run(8000);
    world.discoveredAtMs = (name) => (name === "z" ? 10_000 : 0);
    world.start("z");
    world.run(20_000);
    assert.equal(world.founded().size, 1);
    assert.equal(world.outcomes.get("z")?.kind, "join");
  });

  const genesisOf = (voters: string[]): Genesis => ({
    v: 1,
    swarm: "test",
    nonce: "0".repeat(32),
    voters,
    formedAtMs: 1,
  });

  it("a node that has joined promises nothing, also after a restart", async () => {
    const joined = genesisOf(["x", "y", "z"]);
    const runner = new FormationRunner({
      self: "b",
      swarm: "test",
      mode: { kind: "expect", count: 2 },
      store: { load: async () => undefined, save: async () => assert.fail("it must not promise") },
      request: () => new Promise(() => undefined),
      peers: () => [],
      genesis: () => joined,
      logger: { debug: () => undefined, info: () => undefined, warn: () => undefined },
    });
    const answer = await runner.handle("a", { v: 1, kind: "prepare", genesis: genesisOf(["a", "b"]) });
    assert.deepEqual(answer, { v: 1, kind: "founded", genesis: joined });
    assert.equal(await runner.founded(), null);
  });

  it("a coordinator that meets a swarm gives its own founding up and joins", () => {
    const world = new World(22, ["a", "b", "c"], expecting(3));
    world.disks.set("a", { ...EMPTY_RECORD, promise: genesisOf(["a", "b", "c"]) });
    const there = genesisOf(["b"]);
    world.disks.set("b", { ...EMPTY_RECORD, promise: there, founded: true });
    for (const name of ["a", "b"]) world.start(name);
    world.run(5000);
    assert.equal(world.outcomes.get("a")?.kind, "join");
    assert.equal(world.disks.get("a")?.promise, null);
  });

  it("says what to do when the coordinator is gone for good, and that works", () => {
    const world = new World(23, ["a", "b", "c"], expecting(3));
    for (const name of ["b", "c"]) {
      world.disks.set(name, { ...EMPTY_RECORD, promise: genesisOf(["a", "b", "c"]) });
      world.start(name);
    }
    world.run(60_000);
    assert.equal(world.founded().size, 0);
    assert.match(world.notes.join(), /start its coordinator a again.*--form/);
    world.crash("c");
    world.mode = (name) => (name === "c" ? { kind: "form" } : { kind: "expect", count: 3 });
    world.start("c");
    world.run(120_000);
    assert.equal(world.founded().size, 1);
    assert.equal(world.outcomes.get("c")?.kind, "formed");
    assert.equal(world.outcomes.get("b")?.kind, "join");
  });

  it("waits on when those that could renounce are too few", () => {
    const world = new World(24, ["a", "b", "c", "d", "e"], () => ({ kind: "form" }));
    world.disks.set("e", { ...EMPTY_RECORD, promise: genesisOf(["a", "b", "c", "d", "e"]) });
    world.disks.set("d", { ...EMPTY_RECORD, promise: genesisOf(["a", "b", "c", "d", "e"]) });
    world.mode = (name) => (name === "e" ? { kind: "form" } : { kind: "expect", count: 5 });
    for (const name of ["d", "e"]) world.start(name);
    world.run(60_000);
    assert.equal(world.founded().size, 0);
    assert.ok(world.disks.get("e")?.promise);
    assert.equal(world.disks.get("d")?.promise, null);
  });

  it(`never has two that can act, whoever gives a coordinator up that was not gone at all (${SEEDS} seeds)`, () => {
    for (let seed = 3000; seed < 3000 + SEEDS; seed++) {
      const probe = new World(seed, [], expecting(0));
      const names = Array.from({ length: 2 + Math.floor(probe.random() * 4) }, (_, i) => `n${i}`);
      const world = new World(seed, names, expecting(names.length), 0.3);
      world.crashRatio = 0.1;
      for (const name of names) world.after(world.random() * 500, () => world.start(name));
      // The coordinator is cut off from some in the middle of the founding, and one of those is started with `form`.
      const impatient = names[1 + Math.floor(world.random() * (names.length - 1))] as string;
      const cutMs = 1200 + world.random() * 600;
      for (const name of names.slice(1)) {
        if (name !== impatient && world.random() < 0.5) continue;
        world.after(cutMs, () => world.cut(names[0] as string, name, true));
        world.after(cutMs + 5000 + world.random() * 5000, () => world.cut(names[0] as string, name, false));
      }
      world.after(cutMs + 500 + world.random() * 4000, () => {
        world.crash(impatient);
        world.mode = (name) =>
          name === impatient ? { kind: "form" } : { kind: "expect", count: names.length };
        world.start(impatient);
      });
      for (let ms = 2000; ms <= 40_000; ms += 500) {
        world.run(ms);
        assert.ok(world.alive().size <= 1, `seed ${seed} at ${ms} ms: ${world.describe()}`);
      }
    }
  });

  it(`never founds two, and always one once things heal (${SEEDS} seeds)`, () => {
    for (let seed = 100; seed < 100 + SEEDS; seed++) {
      const probe = new World(seed, [], expecting(0));
      const size = 2 + Math.floor(probe.random() * 4);
      // Fewer than can found a swarm of their own: any two sets of founders then share a node, which promises once.
      const spare = Math.floor(probe.random() * Math.min(3, size));
      const names = Array.from({ length: size + spare }, (_, i) => `n${i}`);
      const world = new World(seed, names, expecting(size), 0.2);
      world.crashRatio = 0.15;
      for (const name of names) world.after(world.random() * 4000, () => world.start(name));
      for (let i = 0; i < 4; i++) {
        const [a, b] = [
          names[Math.floor(world.random() * names.length)],
          names[Math.floor(world.random() * names.length)],
        ];
        const victim = names[Math.floor(world.random() * names.length)];
        if (!a || !b || !victim) continue;
        world.after(world.random() * 8000, () => world.cut(a, b, true));
        world.after(9000, () => world.cut(a, b, false));
        world.after(world.random() * 9000, () => world.up.has(victim) && world.crash(victim));
        world.after(9500 + world.random() * 500, () => world.up.has(victim) || world.start(victim));
      }
      world.after(10_000, () => {
        world.crashRatio = 0;
        for (const name of names) if (!world.up.has(name)) world.start(name);
      });
      const all = () =>
        names.every((n) => world.disks.get(n)?.founded || world.outcomes.get(n)?.kind === "join");
      world.run(120_000, () => world.nowMs > 11_000 && all());
      assert.equal(world.founded().size, 1, `seed ${seed}: ${world.founded().size} formations`);
      assert.ok(all(), `seed ${seed}: not everybody belongs: ${world.describe()}`);
    }
  });
});
