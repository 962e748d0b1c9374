/** Flags of `npm start`. */
import { parseArgs } from "node:util";

export interface DemoOptions {
  /** Nodes that found the swarm; one more joins later. */
  readonly nodes: number;
  readonly rounds: number;
  /** Leave the swarm running at the end, until Ctrl-C. */
  readonly keep: boolean;
  /** Kill the leader part way and bring in a newcomer. */
  readonly chaos: boolean;
  /** One JSON object a line instead of the live picture. */
  readonly json: boolean;
}

export const USAGE = `npm start -- [--nodes N] [--rounds N] [--keep] [--no-chaos] [--json]

  --nodes N    nodes that found the swarm, 1 to 16 (default 4); with chaos one more joins later
  --rounds N   versions to train, 1 to 1000 (default 24)
  --keep       leave the swarm running at the end, until Ctrl-C
  --no-chaos   neither kill the leader nor start a newcomer
  --json       one JSON object a line instead of the live picture
`;

/** @throws Error with a message for the terminal */
export function parseOptions(args: readonly string[]): DemoOptions | "help" {
  const { values } = parseArgs({
    args: [...args],
    options: {
      nodes: { type: "string", default: "4" },
      rounds: { type: "string", default: "24" },
      keep: { type: "boolean", default: false },
      chaos: { type: "boolean", default: true },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
    allowNegative: true,
    strict: true,
  });
  if (values.help) return "help";
  const nodes = integer("--nodes", values.nodes, 1, 16);
  // Fewer than three voters cannot lose one and go on.
  const chaos = values.chaos && nodes >= 3;
  return {
    nodes,
    rounds: integer("--rounds", values.rounds, 1, 1000),
    keep: values.keep,
    chaos,
    json: values.json,
  };
}

function integer(flag: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new Error(`${flag} ${text}: expected an integer from ${min} to ${max}`);
}
