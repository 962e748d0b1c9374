/** `npm run test:etcd [-- DIR]`: sets up what is missing, then runs etcd raft's data-driven files against our Raft. */
import { join } from "node:path";
import { ensureBuilt, ensureInstalled, ensureNode, must, ROOT } from "./lib/setup.mjs";

ensureNode();
ensureInstalled();
ensureBuilt();
must(process.execPath, [join(ROOT, "dist/scripts/etcd/main.js"), ...process.argv.slice(2)]);
