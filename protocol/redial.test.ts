import assert from "node:assert/strict";
import {
  BOOTSTRAP_EAGER_MS,
  REDIAL_CONCURRENCY,
  REDIAL_FORGET_MS,
  REDIAL_PEERS_MAX,
  REDIAL_UNMET_CONCURRENCY,
  REDIAL_UNMET_FORGET_MS,
  REFUSED_REDIAL_MS,
} from "./limits.js";
import { silentLogger } from "./logger.js";
import { Redialer } from "./redial.js";

/** A redialer with a clock and peers of the test's own; started, but ticked by hand. */
class World {
  nowMs = 0;
  readonly dials: { peer: string; atMs: number }[] = [];
  readonly reachable = new Set<string>();
  readonly connected = new Set<string>();
  readonly forgotten: string[] = [];
  hang = false;
  readonly redialer: Redialer;

  constructor(bootstrap: string[] = [], maxPeers = 100) {
    this.redialer = new Redialer({
      bootstrap,
      maxPeers,
      isConnected: (peer) => this.connected.has(peer),
      connectedPeers: () => this.connected.size,
      forgot: (peer) => this.forgotten.push(peer),
      logger: silentLogger,
      now: () => this.nowMs,
      dial: async (peer, signal) => {
        this.dials.push({ peer, atMs: this.nowMs });
        if (this.hang) await new Promise((resolve) => signal.addEventListener("abort", resolve));
        if (!this.reachable.has(peer)) throw new Error("refused");
        this.connected.add(peer);
        this.redialer.connected(peer);
      },
    });
    this.redialer.start();
  }

  async run(durationMs: number): Promise<void> {
    for (const untilMs = this.nowMs + durationMs; this.nowMs < untilMs; this.nowMs += 250) {
      this.redialer.tick();
      await new Promise(setImmediate);
    }
  }

  lose(peer: string): void {
    this.connected.delete(peer);
    this.reachable.delete(peer);
    this.redialer.disconnected(peer);
  }

  gapsOf(peer: string): number[] {
    const times = this.dials.filter((d) => d.peer === peer).map((d) => d.atMs);
    return times.slice(1).map((t, i) => t - (times[i] as number));
  }
}

describe("protocol/redial", () => {
  let world: World;
  const use = (w: World) => {
    world = w;
    return w;
  };
  afterEach(() => world.redialer.stop());

  it("dials bootstrap peers at once, often, and for ever", async () => {
    use(new World(["boot"]));
    await world.run(60_000);
    assert.ok(
      world.dials[0]?.atMs === 0 && Math.max(...world.gapsOf("boot")) <= 1500,
      `${world.gapsOf("boot")}`,
    );
    world.nowMs += BOOTSTRAP_EAGER_MS + REDIAL_FORGET_MS;
    const before = world.dials.length;
    await world.run(60_000);
    assert.ok(world.dials.length > before, "an old bootstrap peer is not forgotten");
    assert.ok(world.dials.length < before + 20, "but sought with patience");
    world.reachable.add("boot");
    await world.run(20_000);
    assert.ok(world.connected.has("boot"));
  });

  it("backs off from a found peer that does not answer, and forgets it in the end", async () => {
    use(new World());
    world.redialer.found("p");
    await world.run(120_000);
    const gaps = world.gapsOf("p");
    assert.ok((gaps[0] as number) <= 1000 && (gaps.at(-1) as number) >= 10_000, `${gaps}`);
    assert.ok(Math.max(...gaps) <= 20_000);
    world.nowMs += REDIAL_UNMET_FORGET_MS;
    await world.run(1000);
    assert.equal(world.redialer.missing(), 0);
    assert.deepEqual(world.forgotten, ["p"]);
  });

  it("comes back within a second after a cut", async () => {
    use(new World());
    world.reachable.add("p");
    world.redialer.found("p");
    await world.run(250);
    assert.ok(world.connected.has("p"));
    world.lose("p");
    await world.run(10_000);
    assert.ok(!world.connected.has("p"));
    world.reachable.add("p");
    await world.run(16_000);
    assert.ok(world.connected.has("p"));
    world.connected.delete("p");
    world.redialer.disconnected("p");
    await world.run(1000);
    assert.ok(world.connected.has("p"), "the first retry after a loss is quick again");
  });

  it("leaves a refused peer alone for a while, unless it is forgiven", async () => {
    use(new World(["boot"]));
    world.redialer.refused("boot");
    assert.ok(world.redialer.isRefused("boot"));
    await world.run(REFUSED_REDIAL_MS - 1000);
    assert.equal(world.dials.length, 1, "only the dial at the start");
    world.redialer.forgive();
    await world.run(500);
    assert.equal(world.dials.length, 2);
  });

  it("bounds what it does and remembers", async () => {
    use(new World());
    world.hang = true;
    for (let i = 0; i < REDIAL_PEERS_MAX + 50; i++) {
      world.nowMs = i;
      world.redialer.found(`p${i}`);
    }
    await world.run(1000);
    assert.equal(world.dials.length, REDIAL_UNMET_CONCURRENCY);
    assert.equal(world.redialer.missing(), REDIAL_PEERS_MAX);
    for (let i = 0; i < 50; i++) world.redialer.restored(`q${i}`);
    await world.run(1000);
    assert.equal(world.dials.length, REDIAL_CONCURRENCY);
  });

  it("does not forget or neglect a peer that it met for any number of invented ones", async () => {
    use(new World());
    world.reachable.add("friend");
    world.redialer.found("friend");
    await world.run(250);
    world.lose("friend");
    world.hang = true;
    for (let i = 0; i < 2 * REDIAL_PEERS_MAX; i++) {
      world.nowMs += 1;
      world.redialer.found(`invented ${i}`);
    }
    assert.equal(world.forgotten.length, REDIAL_PEERS_MAX + 1);
    assert.ok(!world.forgotten.includes("friend"));
    assert.ok(world.forgotten.includes("invented 0"), "the longest known goes first");
    await world.run(2000);
    assert.ok(
      world.dials.filter((d) => d.peer === "friend").length >= 2,
      "it has its turn although all hang",
    );
    world.nowMs += REDIAL_UNMET_FORGET_MS;
    world.lose("friend");
    world.nowMs += REDIAL_FORGET_MS - 1;
    world.redialer.tick();
    assert.ok(!world.forgotten.includes("friend"), "and it is remembered longer");
  });

  it("does not dial more peers than are wanted", async () => {
    use(new World([], 3));
    for (let i = 0; i < 10; i++) world.reachable.add(`p${i}`);
    for (let i = 0; i < 10; i++) {
      world.redialer.found(`p${i}`);
      await world.run(250);
    }
    assert.equal(world.connected.size, 3);
  });
});
