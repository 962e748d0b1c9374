/**
 * A node never goes back: while it runs, round and height of a session only grow, and a session that has given way to
 * another does not return. The state moves by entries of the log in their order, and each moves them forward or not at
 * all; a snapshot that is restored is never older than what was applied.
 */
import type { ControlState } from "../../../consensus/control/index.js";
import type { AppliedFact, Observer } from "./observer.js";

interface Place {
  readonly session: string;
  readonly round: number;
  readonly height: number;
}

export class MonotonicVersions implements Observer {
  readonly name = "monotonic versions per node";
  private readonly at = new Map<string, Place>();
  private readonly left = new Map<string, Set<string>>();

  /** A node that starts replays its log from its snapshot on: it is judged afresh. */
  started(node: string): void {
    this.at.delete(node);
    this.left.delete(node);
  }

  applied(node: string, { after }: AppliedFact): void {
    this.look(node, after);
  }

  restored(node: string, _bytes: Uint8Array, state: ControlState): void {
    this.look(node, state);
  }

  private look(node: string, { session }: ControlState): void {
    if (session === null) return;
    const before = this.at.get(node);
    const { id, round, height } = session;
    if (before !== undefined && before.session === id && (round < before.round || height < before.height)) {
      throw new Error(
        `${node} went from round ${before.round}, height ${before.height} to ${round}, ${height}`,
      );
    }
    const left = this.left.get(node) ?? new Set();
    if (left.has(id)) throw new Error(`${node} went back to session ${id}`);
    if (before !== undefined && before.session !== id) this.left.set(node, left.add(before.session));
    this.at.set(node, { session: id, round, height });
  }
}
