import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isToken, readMetricsToken } from "./token.js";

describe("daemon/api: the token of /metrics", () => {
  it("is taken as a bearer token, and nothing like it", () => {
    const token = "0123456789abcdef";
    for (const header of [`Bearer ${token}`, `bearer ${token}`]) assert.equal(isToken(header, token), true);
    for (const header of [
      "",
      token,
      `Basic ${token}`,
      `Bearer ${token}0`,
      `Bearer ${token.slice(1)}`,
      "Bearer ",
    ])
      assert.equal(isToken(header, token), false, header);
  });

  it("comes from the setting or from a file", async () => {
    const folder = await mkdtemp(join(tmpdir(), "token-"));
    try {
      const file = join(folder, "token");
      assert.equal(await readMetricsToken({ metricsToken: "", metricsTokenFile: null }), null);
      assert.equal(
        await readMetricsToken({ metricsToken: "x".repeat(16), metricsTokenFile: null }),
        "x".repeat(16),
      );
      await writeFile(file, "0123456789abcdef\n");
      assert.equal(await readMetricsToken({ metricsToken: "", metricsTokenFile: file }), "0123456789abcdef");
      for (const [text, said] of [
        ["short", /16 to 512/],
        ["two words of a token", /without spaces/],
        ["x".repeat(5000), /longer than/],
      ] as const) {
        await writeFile(file, text);
        const reading = readMetricsToken({ metricsToken: "", metricsTokenFile: file });
        await assert.rejects(
          reading,
          (error: Error) => said.test(error.message) && !error.message.includes(text),
        );
      }
      const missing = readMetricsToken({ metricsToken: "", metricsTokenFile: join(folder, "none") });
      await assert.rejects(missing, { code: "CONFIG_INVALID", message: /ENOENT/ });
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
