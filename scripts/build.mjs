import { rmSync } from "node:fs";
import { join } from "node:path";
import { ensureBuilt, ensureInstalled, ensureNode, ROOT } from "./lib/setup.mjs";

ensureNode();
ensureInstalled();
rmSync(join(ROOT, "dist"), { recursive: true, force: true });
ensureBuilt();
