import assert from "node:assert/strict";
import { loadConfig } from "./load.js";
import { configWarnings } from "./warnings.js";

describe("configWarnings", () => {
  const warnings = async (flags: Record<string, string>) =>
    configWarnings(await loadConfig({ env: {}, flags }));

  it("says that authentication is asked for and not enforced, without the secret", async () => {
    assert.deepEqual(await warnings({}), []);
    assert.match(
      (await warnings({ "authentication-provider": "jwt" })).join(),
      /^authentication\.provider is jwt, but/,
    );
    const [both = "", ...more] = await warnings({
      "authentication-provider": "jwt",
      "api-jwt-secret": "hunter2",
    });
    assert.match(both, /provider is jwt and api\.jwt_secret is set, but authentication is not enforced yet/);
    assert.doesNotMatch(both, /hunter2/);
    assert.deepEqual(more, []);
  });
});
