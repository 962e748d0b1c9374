/** All invariants of a run. What one of them objects to ends the run, not the node that it was found on. */
import type { RaftCore } from "../../../consensus/raft/core.js";
import { raftOptions } from "../../../consensus/raft/options.js";
import { coreInvariants } from "../../../consensus/testing/invariants/index.js";
import { SimNode as RaftSimNode } from "../../../consensus/testing/raft_sim/sim_node.js";
import {
  type AppliedFact,
  BoundedQueues,
  CertificateSoundness,
  ExactlyOnce,
  LinearReads,
  LinearSettings,
  MonotonicVersions,
  type NodeView,
  type Observer,
  OneVersionPerHeight,
  OneVote,
  SameHistory,
  SessionOrder,
} from "../invariants/index.js";

export class Watch implements Observer {
  readonly name = "all";
  readonly reads = new LinearReads();
  readonly settings = new LinearSettings();
  readonly queues = new BoundedQueues();
  readonly history = new SameHistory();
  failure: Error | null = null;
  /** Versions committed, by whoever applied them first. */
  versions = 0;
  /** Entries that were refused as certificates that prove nothing. */
  forgeries = 0;
  private readonly heights = new Set<string>();
  private readonly observers: readonly Observer[];
  private readonly ofRaft = coreInvariants();
  /** The Raft level's invariants look at these, one for each node. */
  private readonly shells = new Map<string, RaftSimNode>();

  /** @param claims besides those of the house */
  constructor(isLiar: (node: string) => boolean, claims: readonly Observer[]) {
    this.observers = [
      this.history,
      new OneVersionPerHeight(),
      new MonotonicVersions(),
      new CertificateSoundness(isLiar),
      new OneVote(isLiar),
      new ExactlyOnce(),
      new SessionOrder(),
      this.settings,
      this.queues,
      ...claims,
    ];
  }

  started(node: string): void {
    this.tell((o) => o.started?.(node));
  }

  applied(node: string, fact: AppliedFact): void {
    this.count(fact);
    this.tell((o) => o.applied?.(node, fact));
  }

  restored(...args: Parameters<NonNullable<Observer["restored"]>>): void {
    this.tell((o) => o.restored?.(...args));
  }

  snapshotted(...args: Parameters<NonNullable<Observer["snapshotted"]>>): void {
    this.tell((o) => o.snapshotted?.(...args));
  }

  recomputed(...args: Parameters<NonNullable<Observer["recomputed"]>>): void {
    this.tell((o) => o.recomputed?.(...args));
  }

  signed(node: string, message: Uint8Array): void {
    this.tell((o) => o.signed?.(node, message));
  }

  /** Only the node whose step it was can have changed. */
  stepped(view: NodeView): void {
    this.tell((o) => o.stepped?.(view));
    const shell = this.shellOf(view.name, view.core);
    const nodes = [shell];
    for (const invariant of this.ofRaft) this.guarded(invariant.name, () => invariant.check?.(shell, nodes));
  }

  /** Runs `check` as part of the invariant `name`. */
  guarded(name: string, check: () => void): void {
    try {
      check();
    } catch (error) {
      this.fail(name, error);
    }
  }

  fail(what: string, error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    this.failure ??= new Error(`${what}: ${reason}`, { cause: error });
  }

  private tell(say: (observer: Observer) => void): void {
    for (const observer of this.observers) this.guarded(observer.name, () => say(observer));
  }

  private count({ outcome }: AppliedFact): void {
    if (outcome.kind === "refused") {
      if (outcome.code === "CERTIFICATE_INVALID") this.forgeries += 1;
      return;
    }
    if (outcome.version === null) return;
    const { session, height } = outcome.version.decision;
    this.heights.add(`${session}/${height}`);
    this.versions = this.heights.size;
  }

  private shellOf(name: string, core: RaftCore): RaftSimNode {
    let shell = this.shells.get(name);
    if (shell === undefined) {
      const nothing = () => undefined;
      const rest = {
        options: raftOptions(),
        random: () => 0,
        send: nothing,
        onApplied: nothing,
        onRead: nothing,
        onCompacted: nothing,
      };
      shell = new RaftSimNode({ id: name, ...rest });
      this.shells.set(name, shell);
    }
    shell.core = core;
    return shell;
  }
}
