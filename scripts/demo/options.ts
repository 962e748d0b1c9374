/** Flags of `npm start`. */
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

export interface DemoOptions {
  /** Nodes that found the swarm; one more joins later. */
  readonly nodes: number;
  /** Versions to train; null: as many as the demonstration has time for. */
  readonly rounds: number | null;
  /** Leave the swarm running at the end, until Ctrl-C. */
  readonly keep: boolean;
  /** Kill the leader part way and bring in a newcomer. */
  readonly chaos: boolean;
  /** One JSON object a line instead of the live picture. */
  readonly json: boolean;
  /** Where the nodes keep their data, and whether the user named it; null: the clone's own. */
  readonly folder: string | null;
}

const NODES_DEFAULT = 4;
const NODES_MAX = 16;
const ROUNDS_MAX = 1000;
/** Enough that the model writes words; ends within the time that `TimeGuard` allows on two cores. */
export const ROUNDS_DEFAULT = 34;
/** Fewer voters cannot lose one and go on. */
export const CHAOS_NODES_MIN = 3;
export const FOLDER_DEFAULT = fileURLToPath(new URL("../../../.swarm-demo/", import.meta.url));

export const USAGE = `npm start -- [--nodes N] [--rounds N] [--keep] [--no-chaos] [--json] [--folder PATH]

  --nodes N      nodes that found the swarm, 1 to ${NODES_MAX} (default ${NODES_DEFAULT}); with chaos one more joins later
  --rounds N     versions to train, 1 to ${ROUNDS_MAX}, however long they take
                 (default ${ROUNDS_DEFAULT}, fewer on a machine that is too slow for them)
  --keep         leave the swarm running at the end, until Ctrl-C
  --no-chaos     neither kill the leader nor start a newcomer
  --json         one JSON object a line instead of the live picture
  --folder PATH  where the nodes keep their data and logs (default .swarm-demo in the clone); emptied at the start
`;

/** @throws Error with a message for the terminal */
export function parseOptions(args: readonly string[]): DemoOptions | "help" {
  const { values } = parseArgs({
    args: [...args],
    options: {
      nodes: { type: "string" },
      rounds: { type: "string" },
      keep: { type: "boolean", default: false },
      chaos: { type: "boolean", default: true },
      json: { type: "boolean", default: false },
      folder: { type: "string" },
      help: { type: "boolean", default: false },
    },
    allowNegative: true,
    strict: true,
  });
  if (values.help) return "help";
  if (values.folder === "") throw new Error("--folder: expected a path");
  return {
    nodes: integer("--nodes", values.nodes, NODES_MAX) ?? NODES_DEFAULT,
    rounds: integer("--rounds", values.rounds, ROUNDS_MAX),
    keep: values.keep,
    chaos: values.chaos,
    json: values.json,
    // npm changes to the folder of the package; a path is meant from where the user stands.
    folder: values.folder === undefined ? null : resolve(process.env.INIT_CWD ?? ".", values.folder),
  };
}

function integer(flag: string, text: string | undefined, max: number): number | null {
  if (text === undefined) return null;
  const value = Number(text);
  if (text.trim() !== "" && Number.isInteger(value) && value >= 1 && value <= max) return value;
  throw new Error(`${flag} ${text}: expected an integer from 1 to ${max}`);
}
