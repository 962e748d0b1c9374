/** What the arguments of `add-nodes` say about each node. */
import { configurationOf } from "../../../consensus/raft/configuration.js";
import type { RaftOptions, Snapshot } from "../../../consensus/raft/types.js";
import { type Argument, valuesOf } from "../datadriven.js";
import type { NodeInit } from "./node.js";

export function nodeInitOf(id: string, args: readonly Argument[]): NodeInit {
  const asynchronous = valuesOf(args, "async-storage-writes")[0] === "true";
  return { id, snapshot: startOf(args), asynchronous, options: optionsOf(args) };
}

/** Without an index, a node knows nothing. */
function startOf(args: readonly Argument[]): Snapshot | null {
  const index = valuesOf(args, "index")[0];
  if (index === undefined) return null;
  const configuration = configurationOf(valuesOf(args, "voters"), valuesOf(args, "learners"));
  return {
    index: Number(index),
    term: 1,
    configuration,
    data: Buffer.from(valuesOf(args, "content")[0] ?? ""),
  };
}

function optionsOf(args: readonly Argument[]): Partial<RaftOptions> {
  const one = (key: string): string | null => valuesOf(args, key)[0] ?? null;
  const inflight = one("inflight");
  const maxApply = one("max-committed-size-per-ready");
  return {
    preVote: one("prevote") === "true",
    checkQuorum: one("checkquorum") === "true",
    reads: one("read-only") === "lease-based" ? "lease" : "safe",
    // Where the appends on their way are bounded, each carries one entry, as at etcd each carries one proposal.
    ...(inflight === null ? {} : { maxInflightAppends: Number(inflight), maxAppendEntries: 1 }),
    ...(maxApply === null ? {} : { maxApplyBytes: Number(maxApply) }),
  };
}
