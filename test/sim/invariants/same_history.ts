/**
 * Every node applies the same entry at the same index, with the same outcome, and is then in the same state: the log is
 * one (state machine safety, Figure 3 of the Raft paper) and the control state is a function of the log and of nothing
 * else, no clock and no order of arrival. Checked entry by entry, and state by state wherever a snapshot shows one.
 */
import { createHash } from "node:crypto";
import type { ControlState } from "../../../consensus/control/index.js";
import type { AppliedFact, Observer } from "./observer.js";

export class SameHistory implements Observer {
  readonly name = "same history";
  private readonly entries = new Map<number, string>();
  private readonly states = new Map<number, string>();
  private readonly at = new Map<string, number>();

  started(node: string): void {
    this.at.set(node, 0);
  }

  applied(node: string, { index, term, data, outcome, after }: AppliedFact): void {
    const last = this.at.get(node) ?? 0;
    if (index <= last) throw new Error(`${node} applied entry ${index} after entry ${last}`);
    this.at.set(node, index);
    const came = outcome.kind === "applied" ? "applied" : `${outcome.code} ${outcome.reason}`;
    const { session, committee, settings } = after;
    const reached = `${session?.id}/${session?.round}/${session?.version?.hash}/${committee.seq}/${settings.revision}`;
    const digest = createHash("sha1").update(data).digest("base64");
    this.same(this.entries, index, `term ${term}, ${digest}, ${came}, ${reached}`, node, "entry");
  }

  restored(node: string, bytes: Uint8Array, state: ControlState): void {
    if (bytes.length > 0) this.snapshotted(node, bytes, state.index);
    this.at.set(node, Math.max(this.at.get(node) ?? 0, state.index));
  }

  snapshotted(node: string, bytes: Uint8Array, index: number): void {
    this.same(this.states, index, createHash("sha1").update(bytes).digest("base64"), node, "state");
  }

  private same(known: Map<number, string>, index: number, value: string, node: string, what: string): void {
    const other = known.get(index);
    if (other !== undefined && other !== value) {
      throw new Error(`${node}: ${what} ${index} is "${value}", on another node it is "${other}"`);
    }
    known.set(index, value);
  }
}
