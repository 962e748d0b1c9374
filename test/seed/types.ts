/** One thing that the API document says, and how it is shown to be so. */
import type { LocalNode } from "../../scripts/lib/local_swarm.js";

/** What the snippets are run against: three nodes, all of them ready. */
export interface Stage {
  /** Where the snippets are sent. */
  readonly first: LocalNode;
  readonly second: LocalNode;
  /** With the rates of the document; the others have none. */
  readonly limited: LocalNode;
  readonly password: string;
  /** Of an administrator. */
  readonly key: string;
  /** Empty at first; for files that the snippets make. */
  readonly folder: string;
  /** Types of the events that came over a WebSocket so far. */
  readonly eventTypes: ReadonlySet<string>;
  /** What an earlier row leaves for a later one. */
  readonly kept: Map<string, string>;
}

export interface Row {
  /** In the API document, where it begins. */
  readonly line: number;
  /** As the document calls it. */
  readonly what: string;
  /** How the text is changed before it is run, in words; null: it is run as it is printed. */
  readonly changed: string | null;
  /** @returns why it could not be run here, in words; nothing when it was */
  readonly run: (stage: Stage) => Promise<string | undefined>;
}
