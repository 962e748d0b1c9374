/** `npm start`: sets up what is missing, then runs the demonstration swarm. Flags go through: `npm start -- --json`. */
import { ensureBuilt, ensureInstalled, ensureNode } from "./lib/setup.mjs";

ensureNode();
ensureInstalled();
ensureBuilt();
await import("../dist/scripts/demo/main.js");
