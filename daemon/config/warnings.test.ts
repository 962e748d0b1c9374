import assert from "node:assert/strict";
import { loadConfig } from "./load.js";
import { configWarnings } from "./warnings.js";

describe("configWarnings", () => {
  const warnings = async (flags: Record<string, string>) =>
    configWarnings(await loadConfig({ env: {}, flags }));

  it("says that everybody is admin without authentication", async () => {
    assert.deepEqual(await warnings({}), []);
    const [open = "", ...more] = await warnings({ "authentication-provider": "none" });
    assert.match(open, /^authentication\.provider is none: whoever reaches the API/);
    assert.deepEqual(more, []);
  });

  it("says that a secret is not used, without the secret", async () => {
    const [unused = "", ...more] = await warnings({ "api-jwt-secret": "hunter2" });
    assert.match(unused, /^api\.jwt_secret is set but not used: authentication\.algorithm is rs256/);
    assert.doesNotMatch(unused, /hunter2/);
    assert.deepEqual(more, []);
    assert.match((await warnings({ "api-jwt-secret": "your_secret_key" })).join(), /placeholder/);
    const used = { "api-jwt-secret": "x".repeat(32), "authentication-algorithm": "hs256" };
    assert.deepEqual(await warnings(used), []);
  });
});
