import type { SimNode } from "./sim_node.js";

/** What a step did: the nodes that it may have changed, and a word for the trace. Null: nothing was there to do. */
export interface Done {
  readonly touched: readonly SimNode[];
  readonly what: string;
}

export const NOBODY: Done = { touched: [], what: "" };
