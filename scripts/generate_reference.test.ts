import assert from "node:assert/strict";
import { promises as fs } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GENERATED, generateReference } from "./generate_reference.js";
import { repositoryRoot } from "./lib/repository_root.js";

describe("generated files", () => {
  for (const { path, text } of GENERATED) {
    it(`${path} is up to date (else: npm run fix:docs)`, async () => {
      assert.equal(await fs.readFile(join(repositoryRoot(), path), "utf8"), text(repositoryRoot()));
    });
  }

  it("are written where they belong", async () => {
    const root = await fs.mkdtemp(join(tmpdir(), "reference-"));
    try {
      await generateReference(root, repositoryRoot());
      for (const { path, text } of GENERATED)
        assert.equal(await fs.readFile(join(root, path), "utf8"), text(repositoryRoot()));
    } finally {
      await fs.rm(root, { recursive: true });
    }
  });
});
