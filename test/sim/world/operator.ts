/**
 * What people do to the swarm: take nodes out, bring nodes in, change several members at once, hand the leadership over,
 * and replace a node whose disk is damaged. One thing at a time, as a careful operator would; a removal that was begun
 * is carried on until it is done.
 */
import type { Configuration } from "../../../consensus/raft/types.js";
import type { SimNode } from "./sim_node.js";
import type { World } from "./world.js";

const MEMBERS_MAX = 12;
const RETRY_MS = 400;
const CALL_MS = 5000;
/** A node that is well need not leave: the swarm may have good reasons to refuse (its only voter, say). */
const TRIES_MAX = 4;

export class Operator {
  /** To be taken out, and what follows when it is. */
  private removing: { readonly node: SimNode; readonly replace: boolean; tries: number } | null = null;
  private busy = false;

  constructor(private readonly world: World) {}

  get isIdle(): boolean {
    return this.removing === null && !this.busy;
  }

  /** A new node that asks to be admitted. @returns whether there was room for one */
  add(): boolean {
    if (this.world.present.length >= MEMBERS_MAX) return false;
    this.world.join();
    return true;
  }

  remove(node: SimNode, replace: boolean): void {
    this.removing = { node, replace, tries: 0 };
    this.tryRemoval();
  }

  /** @returns whether somebody leads that can be told */
  transfer(): boolean {
    const life = this.world.leader?.life;
    if (!life) return false;
    const { voters } = life.raft.status();
    // What a lying leader can do shows only when one leads.
    const liar = voters.find((peer) => this.world.nodes.get(peer)?.malice === "wrongLeader");
    const to = this.world.chaos.random("transfer").chance(0.7) ? liar : undefined;
    this.as(life.init.process, () => {
      void life.raft.transferLeadership(to, CALL_MS).catch(() => undefined);
    });
    return true;
  }

  /** Promotes learners and demotes a voter in one change. @returns whether there was something to change */
  changeJointly(): boolean {
    const { world } = this;
    const life = world.leader?.life;
    if (!life || !this.isIdle) return false;
    const { voters, learners } = life.raft.status();
    const able = learners.filter((peer) => world.nodes.get(peer)?.isRunning);
    const random = world.chaos.random("jointChange");
    const demoted = random.chance(0.6) ? random.pick(voters.filter((peer) => peer !== life.name)) : undefined;
    const promoted = able.slice(0, 1 + random.int(2));
    if (promoted.length === 0 || (demoted === undefined && promoted.length < 2)) return false;
    const changes = [
      ...promoted.map((peer) => ({ kind: "addVoter" as const, peer })),
      ...(demoted === undefined ? [] : [{ kind: "addLearner" as const, peer: demoted }]),
    ];
    this.busy = true;
    const over = (): void => {
      this.busy = false;
    };
    this.as(life.init.process, () => {
      life.membership
        .alone(async () => {
          if (demoted !== undefined && !(await life.committee.align([demoted]))) return;
          await life.raft.changeMembership(changes, CALL_MS);
        })
        .then(over, over);
    });
    // The node may die over it.
    world.agenda.plan(2 * CALL_MS, null, "operator waits", over);
    return true;
  }

  /** Whether the swarm can do without this node's disk for good: every majority can be had without it. */
  canLose(node: SimNode): boolean {
    const { world } = this;
    if (!this.isIdle) return false;
    const { name } = node;
    if (world.present.some((other) => other !== node && !other.isRunning)) return false;
    const committees = world.running.map(({ life }) => life?.control.state.committee.voters ?? []);
    const halves = world.configurations().flatMap(halvesOf);
    return [...halves, ...committees].every(
      (half) => half.length === 0 || half.length >= 3 || !half.includes(name),
    );
  }

  private tryRemoval(): void {
    const { world, removing } = this;
    if (removing === null) return;
    const { node, replace } = removing;
    const again = (): void => {
      if (this.removing !== removing) return;
      removing.tries += 1;
      if (removing.tries >= TRIES_MAX && node.expectedRefusal === null) this.removing = null;
      else world.agenda.plan(RETRY_MS, null, "operator tries again", () => this.tryRemoval());
    };
    const asked = world.leader ?? world.random.pick(world.running.filter((other) => other !== node));
    const life = asked?.life;
    if (!life) {
      again();
      return;
    }
    let answered = false;
    const answer = (done: boolean): void => {
      if (answered) return;
      answered = true;
      if (done) this.removed(node, replace);
      else again();
    };
    this.as(life.init.process, () => {
      life.removal.remove(node.name).then(
        () => answer(true),
        (error: unknown) => answer(error instanceof Error && error.message.includes("is not a member")),
      );
    });
    world.agenda.plan(4 * CALL_MS, null, "operator gives up waiting", () => answer(false));
  }

  private removed(node: SimNode, replace: boolean): void {
    this.removing = null;
    this.world.retire(node);
    if (replace) this.world.join();
  }

  /** As an event of its own, so that all that follows from it belongs to that process. */
  private as(process: SimNode["process"], work: () => void): void {
    this.world.agenda.plan(0, process, "operator", work);
  }
}

function halvesOf({ voters, votersOutgoing }: Configuration): (readonly string[])[] {
  return [voters, votersOutgoing];
}
