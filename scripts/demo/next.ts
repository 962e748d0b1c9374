/** The commands to try after the demonstration, each of them as it works where the user stands. */
import { relative } from "node:path";
import { fileURLToPath } from "node:url";

const BIN = fileURLToPath(new URL("../../daemon/cli/bin.js", import.meta.url));

export interface NextCommand {
  readonly what: string;
  readonly command: string;
}

/** @param api a node that goes on running; null when all are being stopped */
export function nextCommands(checkpoint: string, api: string | null): NextCommand[] {
  const program = `node ${path(BIN)}`;
  const verify = {
    what: "check the model's whole history from its signatures alone",
    command: `${program} consensus verify-lineage ${path(checkpoint)}`,
  };
  if (api !== null) {
    return [
      { what: "look at the swarm that goes on running", command: `${program} status --api ${api}` },
      {
        what: "train once more on it",
        command: `${program} train start --dataset builtin:moby-dick --rounds 40 --api ${api}`,
      },
      verify,
    ];
  }
  return [
    verify,
    { what: "let the next swarm run on, to look around in it", command: "npm start -- --keep" },
    { what: "found a swarm of your own, with this machine alone", command: `${program} start --form` },
  ];
}

/** npm runs scripts in the folder of the package; the user may stand elsewhere. */
export function path(absolute: string): string {
  const below = relative(process.env.INIT_CWD ?? process.cwd(), absolute);
  const text = below.startsWith("..") ? absolute : below;
  return /^[\w./@:+-]+$/.test(text) ? text : `"${text}"`;
}
