/** Who uses the swarm: starts sessions, reads behind barriers, sets and reads settings, and speaks a newer dialect. */
import { encodeCommand, isActive } from "../../../consensus/control/index.js";
import { toBytes } from "../../../consensus/encoding.js";
import { commitOnce } from "../../../daemon/settings/commit_once.js";
import { specFor } from "../node/arithmetic.js";
import type { Life } from "../node/life.js";
import { BATCH_SIZE } from "../node/sim_trainer.js";
import type { World } from "./world.js";

const KEYS = ["a", "b", "c"];
const READ_MS = 3000;
const STOPS = 0.05;

export class Clients {
  private sessions = 0;
  private values = 0;

  constructor(private readonly world: World) {}

  /** Something that a client does now and then, on a node of its choice. */
  act(): void {
    const { random, running, agenda } = this.world;
    const life = random.pick(running)?.life;
    if (!life) return;
    const deeds = [this.session, this.read, this.set, this.compareAndSet, this.delete, this.readSettings];
    const idle = !isActive(life.control.state.session);
    const deed = idle && random.chance(0.5) ? this.session : (random.pick(deeds) ?? this.read);
    agenda.plan(0, life.init.process, "client", () => deed.call(this, life));
  }

  /** Makes sure that there is something to train. */
  session(life: Life): void {
    const { session } = life.control.state;
    const { random } = this.world;
    if (isActive(session)) {
      if (random.chance(STOPS))
        this.commit(life, { v: 1, type: "session.stop", id: session.id, reason: "enough", atMs: 0 });
      return;
    }
    const spec = specFor({
      rounds: 4 + random.int(30),
      batchSize: BATCH_SIZE,
      seed: random.int(1000),
      roundTimeoutMs: 2000 + random.int(3000),
      strategy: {
        name: "cooperative_sgd",
        innerSteps: 1 + random.int(4),
        outerLearningRate: 0.7,
        outerMomentum: 0.9,
      },
      epochs: random.chance(0.3) ? 1 : null,
    });
    const { rounds } = spec;
    const batches = spec.epochs === null ? null : Math.floor(spec.data.trainSamples / BATCH_SIZE);
    const id = `s${this.sessions++}`;
    const by = life.name;
    this.commit(life, {
      v: 1,
      type: "session.create",
      id,
      spec,
      rounds,
      batches,
      participants: [],
      by,
      atMs: 0,
    });
  }

  /** Bytes that a node of a later release might propose: an unknown field, an unknown command. */
  newerDialect(life: Life): void {
    const known = { v: 1, type: "member.join", peer: life.name, name: life.name, atMs: 0, colour: "green" };
    const unknown = { v: 1, type: "member.paint", peer: life.name };
    const bytes = toBytes(this.world.random.chance(0.5) ? known : unknown);
    this.world.agenda.plan(0, life.init.process, "newer client", () => {
      life.raft.propose(bytes).catch(() => undefined);
    });
  }

  private read(life: Life): void {
    const { watch } = this.world;
    const shown = watch.reads.asked(life.name);
    life.raft.readBarrier(READ_MS).then(
      () => watch.guarded(watch.reads.name, () => shown(life.raft.status().appliedIndex)),
      () => undefined,
    );
  }

  private set(life: Life): void {
    this.change(life, null);
  }

  private compareAndSet(life: Life): void {
    const key = this.world.random.pick(KEYS) ?? "a";
    const present = life.settings.state.entries.find((entry) => entry.key === key);
    // Sometimes with a revision that has been replaced, which must be refused.
    const behind = this.world.random.chance(0.4) ? 1 : 0;
    this.change(life, Math.max(0, (present?.revision ?? 0) - behind), key);
  }

  private change(life: Life, expect: number | null, key = this.world.random.pick(KEYS) ?? "a"): void {
    const { watch } = this.world;
    const value = `v${this.values++}`;
    const done = watch.settings.asked({ key, value, expect });
    life.settings.set(key, value, expect).then(
      ({ revision }) => this.acknowledged(() => done(revision), revision),
      () => undefined,
    );
  }

  private delete(life: Life): void {
    const { watch, random } = this.world;
    const key = random.pick(KEYS) ?? "a";
    const done = watch.settings.asked({ key, value: null, expect: null });
    life.settings.delete(key, null).then(
      (revision) => this.acknowledged(() => done(revision), revision),
      () => undefined,
    );
  }

  private readSettings(life: Life): void {
    const { watch } = this.world;
    const shown = watch.settings.reading();
    life.settings.read().then(
      (settings) => watch.guarded(watch.settings.name, () => shown(settings)),
      () => undefined,
    );
  }

  private acknowledged(check: () => void, index: number): void {
    const { watch } = this.world;
    watch.guarded(watch.settings.name, check);
    watch.reads.acknowledged(index);
  }

  private commit(life: Life, command: Parameters<typeof encodeCommand>[0]): void {
    const { name: self, raft, host } = life;
    const propose = (bytes: Uint8Array, from: string) => life.propose(bytes, from);
    commitOnce({ self, raft, rpc: host.rpc, propose }, encodeCommand(command)).catch(() => undefined);
  }
}
