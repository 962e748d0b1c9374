/** The swarm of one run: its nodes over their lives, what lies between them, and the invariants that watch them. */
import { pino } from "pino";
import { formationOf, type Genesis } from "../../../consensus/formation/index.js";
import { changeConfiguration, decodeConfChange } from "../../../consensus/raft/configuration.js";
import type { Configuration } from "../../../consensus/raft/types.js";
import { Seeded } from "../../../consensus/testing/seeded.js";
import type { Logger } from "../../../daemon/logger.js";
import { Chaos, type FaultKind } from "../faults/chaos.js";
import type { Observer } from "../invariants/index.js";
import { Agenda } from "../kernel/agenda.js";
import { SimProcess } from "../kernel/sim_process.js";
import { VirtualTime } from "../kernel/virtual_time.js";
import { SimNetwork } from "../net/sim_network.js";
import { Keys } from "../node/keys.js";
import { Life } from "../node/life.js";
import { drawTraits, type Malice, type SwarmTraits } from "../node/traits.js";
import { writeOlderFolder } from "./older_folder.js";
import { SimNode } from "./sim_node.js";
import { Watch } from "./watch.js";

/** As large as committees are, mostly. */
/** Until a node that ended is started again. */
const RESTART_MS = 1000;
const SIZES = [1, 2, 3, 3, 3, 4, 5, 5, 5, 6, 7, 8, 9] as const;
/** Nodes that are there from the start and have to be admitted. */
const NEWCOMERS = [0, 0, 1, 2] as const;
const LIES = 0.6;

export interface WorldInit {
  readonly seed: number;
  /** Founders; drawn when left out. */
  readonly nodes?: number;
  readonly disabled: ReadonlySet<FaultKind>;
  readonly claims: readonly Observer[];
  /** Every line that a node logs; null: nobody reads them. */
  readonly log: ((line: string) => void) | null;
}

export class World {
  readonly agenda = new Agenda();
  readonly random: Seeded;
  readonly chaos: Chaos;
  readonly time: VirtualTime;
  readonly network: SimNetwork;
  readonly watch: Watch;
  readonly genesis: Genesis;
  readonly nodes = new Map<string, SimNode>();
  readonly committeeSize: number;
  private readonly logger: Logger;
  private readonly swarm: SwarmTraits;
  private readonly keys: Keys;
  private named = 0;

  constructor({ seed, nodes, disabled, claims, log }: WorldInit) {
    this.logger =
      log === null
        ? pino({ level: "silent" })
        : pino({ level: "debug", base: null, timestamp: false }, { write: log });
    this.random = new Seeded(seed);
    this.chaos = new Chaos(seed, disabled);
    this.time = new VirtualTime(this.agenda, this.random.next);
    this.network = new SimNetwork(this.agenda, this.time, this.chaos, new Seeded(seed ^ 0x7e7));
    this.keys = new Keys(seed);
    this.watch = new Watch((node) => this.nodes.get(node)?.malice !== null, claims);
    const drawn = this.random.pick(SIZES) ?? 3;
    const founders = nodes ?? drawn;
    this.committeeSize = Math.max(founders, this.random.pick([1, 3, 5]) ?? 5);
    this.swarm = {
      tickMs: 100,
      electionTicks: 10,
      heartbeatTicks: this.random.pick([1, 2, 3]) ?? 2,
      // Leases count on clocks: a process that stands still has none.
      reads: this.random.chance(0.3) && this.chaos.level("pause") === 0 ? "lease" : "safe",
    };
    const names = Array.from({ length: founders }, () => this.nextName());
    this.genesis = { v: 1, swarm: "sim", nonce: "0".repeat(32), voters: [...names].sort(), formedAtMs: 0 };
    const liars = this.drawLiars(founders);
    for (const [i, name] of names.entries()) this.add(name, liars[i] ?? null);
  }

  get formation() {
    return formationOf(this.genesis);
  }

  /** Runs everybody. */
  start(): void {
    if (this.chaos.level("versionSkew") > 0 && this.random.chance(0.3)) this.foundByOlderBuild();
    for (const node of this.nodes.values()) this.startNode(node);
    for (let i = this.random.pick(NEWCOMERS) ?? 0; i > 0; i--) this.join();
  }

  /** A node with an empty disk that will ask to be admitted. */
  join(): SimNode {
    const node = this.add(this.nextName(), null);
    this.startNode(node);
    return node;
  }

  startNode(node: SimNode): void {
    const { agenda, chaos } = this;
    // Each later life is another build, perhaps.
    if (node.lives > 0) node.traits = drawTraits(this.swarm, chaos);
    node.lives += 1;
    const { clockRate, wallOffsetMs } = node.traits;
    const process = new SimProcess(node.name, agenda.nowMs, clockRate, wallOffsetMs);
    node.process = process;
    node.standing = "opening";
    node.pausedUntilMs = 0;
    agenda.plan(0, process, `start ${node.name}`, () => {
      this.watch.started(node.name);
      Life.open({
        process,
        disk: node.disk,
        network: this.network,
        agenda,
        chaos,
        random: this.random,
        keys: this.keys,
        genesis: this.genesis,
        traits: node.traits,
        malice: node.malice,
        mayLie: () => this.mayLie(),
        committeeSize: this.committeeSize,
        logger: this.logger.child({ node: node.name }),
        observers: [this.watch],
        fatal: (error) => this.broke(node, error),
      }).then(
        (life) => this.opened(node, life),
        (error: unknown) => this.refused(node, error),
      );
    });
  }

  /** Power off. */
  crash(node: SimNode): void {
    if (node.process === null) return;
    this.end(node);
    const { lost, torn } = node.disk.crash(this.chaos.random("crash"));
    if (lost > 0) this.chaos.happened("lostWrites");
    if (torn) this.chaos.happened("tornWrite");
    node.standing = "down";
  }

  /** Taken out for good. */
  retire(node: SimNode): void {
    this.end(node);
    node.standing = "gone";
  }

  /** Everybody who belongs, or wants to. */
  get present(): SimNode[] {
    return [...this.nodes.values()].filter((node) => node.standing !== "gone");
  }

  get running(): SimNode[] {
    return [...this.nodes.values()].filter((node) => node.isRunning);
  }

  get leader(): SimNode | null {
    const leaders = this.running.filter((node) => node.life?.raft.status().role === "leader");
    leaders.sort((a, b) => termOf(b) - termOf(a));
    return leaders[0] ?? null;
  }

  /** Every configuration that some running node has applied or has in its log. */
  configurations(): Configuration[] {
    return this.running.flatMap(({ life }) => {
      const core = life?.core;
      if (core === undefined) return [];
      let at = core.configuration;
      const all = [at];
      for (const { data } of core.log.unappliedChanges()) {
        at = changeConfiguration(at, decodeConfChange(data));
        all.push(at);
      }
      return all;
    });
  }

  /** Liars lie only while they are fewer than half of every committee, and while faults are allowed at all. */
  private mayLie(): boolean {
    if (!this.chaos.active) return false;
    return this.running.every(({ life }) => {
      const voters = life?.control.state.committee.voters ?? [];
      return 2 * voters.filter((peer) => this.nodes.get(peer)?.malice !== null).length < voters.length;
    });
  }

  /** The founders' folders are of a release that knew neither joint consensus nor pledges. */
  private foundByOlderBuild(): void {
    const learner = this.add(this.nextName(), null).name;
    for (const name of this.genesis.voters) {
      const node = this.nodes.get(name);
      if (node !== undefined) writeOlderFolder(node.disk, this.genesis.voters, learner);
    }
    this.chaos.happened("versionSkew");
  }

  private add(name: string, malice: Malice | null): SimNode {
    const node = new SimNode(name, drawTraits(this.swarm, this.chaos), malice);
    this.nodes.set(name, node);
    return node;
  }

  private nextName(): string {
    return `n${this.named++}`;
  }

  private drawLiars(founders: number): (Malice | null)[] {
    const kinds = (["yesVoter", "garbageVoter", "wrongLeader", "liar"] as const).filter(
      (kind) => this.chaos.level(kind) > 0,
    );
    const most = Math.floor((founders - 1) / 2);
    return Array.from({ length: most }, () =>
      this.random.chance(LIES) ? (this.random.pick(kinds) ?? null) : null,
    );
  }

  private opened(node: SimNode, life: Life): void {
    if (node.expectedRefusal !== null) {
      const words = node.expectedRefusal;
      this.watch.fail(
        "damage is noticed",
        new Error(`${node.name} started, though "${words}" was to be said`),
      );
      return;
    }
    node.life = life;
    node.standing = "running";
    life.start();
  }

  private refused(node: SimNode, error: unknown): void {
    const words = node.expectedRefusal;
    const message = error instanceof Error ? error.message : String(error);
    this.end(node);
    if (words !== null && message.includes(words)) {
      node.standing = "damaged";
      return;
    }
    node.standing = "down";
    // A disk that is full at the start is tried again when there is room.
    if (node.disk.full) return;
    this.watch.fail(
      "a node starts again",
      new Error(`${node.name}: ${message}${words === null ? "" : `, not ${words}`}`),
    );
  }

  /** A node that cannot write stops; anything else that stops a node is a fault of ours. */
  private broke(node: SimNode, error: Error): void {
    if (node.disk.full || error.message.includes("No space left")) {
      this.crash(node);
      // The room was back before the node tried again; whoever looks after it starts it.
      if (!node.disk.full) this.agenda.plan(RESTART_MS, null, "restart", () => this.startAgain(node));
      return;
    }
    this.watch.fail("no node breaks", new Error(`${node.name}: ${error.message}`));
  }

  private startAgain(node: SimNode): void {
    if (node.standing === "down" && !node.disk.full) this.startNode(node);
  }

  private end(node: SimNode): void {
    const { process } = node;
    if (process === null) return;
    process.alive = false;
    this.network.detach(process);
    node.life = null;
    node.process = null;
  }
}

function termOf({ life }: SimNode): number {
  return life?.raft.status().term ?? 0;
}
