import assert from "node:assert/strict";
import { join } from "node:path";
import type { SessionState } from "../../consensus/control/index.js";
import type { BlobRef } from "../../protocol/types.js";
import { aggregate } from "../../training/aggregation/index.js";
import { wasmBackend } from "../../training/backends/testing/values.js";
import { openDataset } from "../../training/datasets/index.js";
import { type AnnouncedUpdate, RoundCore, type RoundEffect } from "../../training/round/index.js";
import { TrainerEngine } from "../../training/trainer/engine.js";
import { trainLocally } from "../../training/trainer/testing/local.js";
import { TrainerWorld } from "../../training/trainer/testing/world.js";
import { readVersion } from "../../training/versions/index.js";
import { hashBytes } from "../store/blob_hashing.js";
import { contextOf } from "./context.js";
import { orderOf } from "./contributor.js";
import { sessionOf } from "./testing/session.js";

const SELF = "me";

/** A swarm of one: the production's round core, terms and orders, a trainer and the aggregation; the log is a variable. */
class Alone {
  readonly core = new RoundCore({ self: SELF, leader: true, voter: true, term: 1 });
  readonly steps: number[] = [];
  state: SessionState;
  private todo: RoundEffect[] = [];
  private versions = new Map<string, string>();

  constructor(
    private readonly world: TrainerWorld,
    private readonly engine: TrainerEngine,
  ) {
    this.state = sessionOf(null, { status: "initializing", spec: world.spec, participants: [SELF] });
    this.todo.push(...this.core.ableChanged(new Set([SELF]), 0));
    this.open();
  }

  /** Weights of the version after `height` rounds that made one. */
  async runTo(height: number): Promise<Float32Array> {
    while (this.state.version === null || this.state.height < height) {
      const effect = this.todo.shift();
      assert.ok(effect, "the round stands still");
      await this.perform(effect);
    }
    return this.weights();
  }

  async weights(): Promise<Float32Array> {
    const { spec, layout } = this.world;
    return (await readVersion(this.base().path, layout, spec.strategy)).weights;
  }

  private open(): void {
    this.todo.push(...this.core.opened(contextOf(this.state, this.world.spec), 0));
  }

  private base(): { hash: BlobRef["hash"]; path: string } {
    const hash = this.state.version?.hash;
    assert.ok(hash);
    return { hash, path: this.versions.get(hash) as string };
  }

  private async perform(effect: RoundEffect): Promise<void> {
    const { world, core } = this;
    if (effect.kind === "train") await this.train(effect);
    if (effect.kind === "aggregate") {
      const { key, context, updates } = effect;
      const outPath = join(world.folder, `${context.height}.version`);
      const inputs = updates.map((u) => ({ ...u, path: this.versions.get(u.payload.hash) as string }));
      const { height, contribution } = context;
      const base = context.base === null ? null : this.base();
      const request = { spec: world.spec, height, base, contribution, updates: inputs, outPath };
      const result = await aggregate(request);
      this.versions.set(result.ref.hash, outPath);
      this.todo.push(...core.aggregated(key, result, 0));
    }
    if (effect.kind === "propose") {
      const { height } = effect.context;
      const { result } = effect.proposal;
      const { next, holes } = effect.proposal.cursor;
      const cursor = { next, holes: holes.map(([from, to]): [number, number] => [from, to]) };
      const round = this.state.round + 1;
      this.state = { ...this.state, status: "running", round, height, version: result, cursor };
      this.open();
    }
    assert.notEqual(effect.kind, "fail");
  }

  private async train({ context, lane }: Extract<RoundEffect, { kind: "train" }>): Promise<void> {
    const { world, core } = this;
    const { session, round, codec, contribution } = context;
    const control = { finish: false, abort: false };
    const base = this.base();
    const order = orderOf(context, lane, world.spec, { base, outDir: world.folder, countedRound: null });
    const answer = await this.engine.train({ kind: "train", ...order }, control, ({ steps }) => {
      const effects = core.progress(SELF, session, round, steps, 0);
      if (effects.some((e) => e.kind === "finish")) control.finish = true;
    });
    assert.ok(answer?.kind === "update");
    const { steps, samples, lossNats, path } = answer;
    this.steps.push(steps);
    const payload = hashBytes(await world.payload(path)).ref;
    this.versions.set(payload.hash, path);
    const claim = { session, round, base: base.hash, codec, contribution, steps, samples, lossNats, payload };
    const update: AnnouncedUpdate = { ...claim, peer: SELF, manifest: payload.hash };
    this.todo.push(...core.trained(update, 0));
  }
}

describe("daemon/rounds: a node alone", () => {
  it("does H steps in each round and gives the bits of local training", async () => {
    const world = await TrainerWorld.create();
    const engine = new TrainerEngine(await wasmBackend(), openDataset);
    try {
      await engine.open({ kind: "open", id: 1, session: "s", spec: world.spec });
      const alone = new Alone(world, engine);
      const first = await alone.runTo(0);
      const last = await alone.runTo(3);
      const { innerSteps } = world.spec.strategy;
      assert.deepEqual(alone.steps, [innerSteps, innerSteps, innerSteps]);
      assert.deepEqual(alone.state.cursor, { next: 3 * innerSteps, holes: [] });
      assert.deepEqual(last, await trainLocally(world, first, 3 * innerSteps));
    } finally {
      await engine.close();
      await world.remove();
    }
  });
});
