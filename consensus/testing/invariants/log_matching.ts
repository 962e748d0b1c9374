/**
 * If two logs hold an entry with the same index and term, they are the same up to there (Figure 3). Checked as: an index
 * and a term name one content and one preceding term, whoever holds them; by induction the logs agree before that.
 */
import { createHash } from "node:crypto";
import type { RaftCore } from "../../raft/core.js";
import type { SimNode } from "../raft_sim/sim_node.js";
import type { Invariant } from "./invariant.js";

export class LogMatching implements Invariant {
  readonly name = "log matching";
  private readonly known = new Map<string, string>();
  /** Last index and term seen of each log: only what is new since then is looked at. */
  private readonly seen = new WeakMap<RaftCore, { index: number; term: number }>();

  check({ id, core }: SimNode): void {
    if (core === null) return;
    const { log } = core;
    const last = this.seen.get(core);
    if (last?.index === log.lastIndex && last.term === log.lastTerm) return;
    const unchanged = last !== undefined && log.term(last.index) === last.term;
    const from = unchanged ? Math.max(log.firstIndex, last.index + 1) : log.firstIndex;
    for (const entry of log.slice(from, Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)) {
      const name = `${entry.index}@${entry.term}`;
      const content = createHash("sha256").update(entry.kind).update(entry.data).digest("base64");
      const value = `${log.term(entry.index - 1)} ${content}`;
      const other = this.known.get(name);
      if (other !== undefined && other !== value)
        throw new Error(`${id} holds another entry ${name} than others`);
      this.known.set(name, value);
    }
    this.seen.set(core, { index: log.lastIndex, term: log.lastTerm });
  }
}
