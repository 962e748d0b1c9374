/** Rewrites the files that are made from code: `node dist/scripts/generate_reference.js` (`npm run fix:docs`). */
import { promises as fs } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { configurationMarkdown, configurationYaml } from "../daemon/config/index.js";
import { seedMarkdown } from "../test/seed/rows.js";
import { postmanCollection, postmanEnvironment, postmanText } from "./api/postman.js";
import { openApiYaml } from "./api/yaml.js";
import { repositoryRoot } from "./lib/repository_root.js";
import { limitsMarkdown } from "./limits.js";
import { pythonErrors } from "./python_errors.js";
import { errorsFile, groupsFile, operationsFile, schemasFile } from "./sdk_js/generate.js";

export const GENERATED: readonly { path: string; text: (root: string) => string }[] = [
  { path: "configs/swarm.yaml", text: configurationYaml },
  { path: "docs/CONFIGURATION.md", text: configurationMarkdown },
  { path: "docs/LIMITS.md", text: limitsMarkdown },
  { path: "docs/SEED.md", text: seedMarkdown },
  { path: "docs/openapi.yaml", text: openApiYaml },
  { path: "docs/postman-collection.json", text: () => postmanText(postmanCollection()) },
  { path: "docs/postman-environment.json", text: () => postmanText(postmanEnvironment()) },
  { path: "sdk/python/src/ncrsh_swarm/_error_classes.py", text: pythonErrors },
  { path: "sdk/js/src/generated/schemas.ts", text: () => schemasFile() },
  { path: "sdk/js/src/generated/operations.ts", text: () => operationsFile() },
  { path: "sdk/js/src/generated/groups.ts", text: () => groupsFile() },
  { path: "sdk/js/src/generated/errors.ts", text: () => errorsFile() },
];

/** @param sources the repository whose code is read */
export async function generateReference(root: string, sources = root): Promise<void> {
  for (const { path, text } of GENERATED) {
    await fs.mkdir(dirname(join(root, path)), { recursive: true });
    await fs.writeFile(join(root, path), text(sources));
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await generateReference(repositoryRoot());
