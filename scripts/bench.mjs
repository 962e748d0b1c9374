/** `npm run bench:NAME`: sets up what is missing, then runs `scripts/bench/NAME.ts` as compiled. */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { ensureBuilt, ensureInstalled, ensureNode, must, ROOT } from "./lib/setup.mjs";

const [name = "", ...args] = process.argv.slice(2);
ensureNode();
ensureInstalled();
ensureBuilt();
const file = join(ROOT, "dist/scripts/bench", `${name}.js`);
if (!/^[a-z_]+$/.test(name) || !existsSync(file)) {
  process.stderr.write(`no benchmark "${name}"; see scripts/bench/\n`);
  process.exit(2);
}
must(process.execPath, [...process.execArgv, file, ...args]);
