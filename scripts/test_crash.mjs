/**
 * `npm run test:crash`: what a node's folder holds after kill -9 at random points, on a full disk, and with flipped
 * bits. `-- --kills 100 --swarm-kills 10 --flips 50 --seed 1` are the defaults; `--only store,flips,disk,node,swarm,voter`
 * runs parts of it.
 */
import { ensureBuilt, ensureInstalled, ensureNode } from "./lib/setup.mjs";

ensureNode();
ensureInstalled();
ensureBuilt();
await import("../dist/scripts/crash/main.js");
