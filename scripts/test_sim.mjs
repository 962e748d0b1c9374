/** `npm run test:sim`: sets up what is missing, then runs the simulation of whole nodes (`test/sim`) as compiled. */
import { join } from "node:path";
import { ensureBuilt, ensureInstalled, ensureNode, must, ROOT } from "./lib/setup.mjs";

ensureNode();
ensureInstalled();
ensureBuilt();
must(process.execPath, [
  "--enable-source-maps",
  join(ROOT, "dist/test/sim/main.js"),
  ...process.argv.slice(2),
]);
