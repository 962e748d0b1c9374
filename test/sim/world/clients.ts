/** Who uses the swarm: starts sessions, reads behind barriers, sets and reads settings, and speaks a newer dialect. */
import { type Command, encodeCommand, isActive } from "../../../consensus/control/index.js";
import { hashOf, toBytes } from "../../../consensus/encoding.js";
import { commitOnce } from "../../../daemon/settings/commit_once.js";
import { specFor } from "../node/arithmetic.js";
import type { Life } from "../node/life.js";
import { BATCH_SIZE } from "../node/sim_trainer.js";
import type { World } from "./world.js";

const KEYS = ["a", "b", "c"];
const READ_MS = 3000;
const STOPS = 0.05;
const PAUSES = 0.1;
const RESUMES = 0.6;
const QUEUES = 0.1;
/** A client that asks once more for what it has asked for, at whichever node. */
const REPEATS = 0.3;

export class Clients {
  private sessions = 0;
  private values = 0;
  /** The last session that was asked for with a key. */
  private keyed: Extract<Command, { type: "session.create" }> | null = null;

  constructor(private readonly world: World) {}

  /** Something that a client does now and then, on a node of its choice. */
  act(): void {
    const { random, running, agenda } = this.world;
    const life = random.pick(running)?.life;
    if (!life) return;
    const deeds = [this.session, this.read, this.set, this.compareAndSet, this.delete, this.readSettings];
    const { session } = life.control.state;
    const stands = !isActive(session) || session.status === "paused";
    const deed = stands && random.chance(0.5) ? this.session : (random.pick(deeds) ?? this.read);
    agenda.plan(0, life.init.process, "client", () => deed.call(this, life));
  }

  /** Makes sure that there is something to train; and now and then that something waits, or stands still. */
  session(life: Life): void {
    const { session } = life.control.state;
    const { random } = this.world;
    if (!isActive(session)) {
      this.start(life);
      return;
    }
    const { id } = session;
    if (random.chance(STOPS)) {
      const { queue } = life.control.state;
      const stopped = random.chance(0.5) ? id : (random.pick(queue)?.id ?? id);
      this.commit(life, { v: 1, type: "session.stop", id: stopped, reason: "enough", atMs: 0 });
    } else if (session.status === "paused") {
      if (random.chance(RESUMES)) this.commit(life, { v: 1, type: "session.resume", id, atMs: 0 });
    } else if (random.chance(PAUSES)) {
      this.commit(life, { v: 1, type: "session.pause", id, reason: null, atMs: 0 });
    } else if (random.chance(QUEUES)) this.start(life);
  }

  private start(life: Life): void {
    const { random } = this.world;
    if (this.keyed !== null && random.chance(REPEATS)) {
      // Another try has another id: that it is the same is in its key alone.
      this.commit(life, { ...this.keyed, id: `s${this.sessions++}`, by: life.name });
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
    const created: Extract<Command, { type: "session.create" }> = {
      v: 1,
      type: "session.create",
      id,
      spec,
      rounds,
      batches,
      participants: [],
      by: life.name,
      atMs: 0,
      queue: true,
    };
    const key = { key: `key of ${id}`, request: hashOf(toBytes(spec)) };
    const keyed = random.chance(0.5) ? { ...created, key } : null;
    if (keyed !== null) this.keyed = keyed;
    this.commit(life, keyed ?? created);
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
