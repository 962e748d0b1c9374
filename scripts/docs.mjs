/** `npm run fix:docs`: writes the files that are generated from the code. A test tells when they are out of date. */

import { join } from "node:path";
import { ensureBuilt, ensureInstalled, ensureNode, must, ROOT } from "./lib/setup.mjs";

ensureNode();
ensureInstalled();
ensureBuilt();
must(process.execPath, [join(ROOT, "dist/scripts/generate_reference.js")]);
