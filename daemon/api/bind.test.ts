import assert from "node:assert/strict";
import { DaemonError } from "../errors.js";
import { type BindTerms, bindAddress } from "./bind.js";

const OUTSIDE = ["0.0.0.0", "::", "10.0.0.5", "::ffff:10.0.0.5"];
const terms = (overrides: Partial<BindTerms> = {}): BindTerms => ({
  encrypted: false,
  insecureBind: false,
  authenticated: true,
  ...overrides,
});
const refused = (host: string, given: BindTerms, said: RegExp) =>
  assert.rejects(bindAddress(host, given), (error) => {
    assert.ok(error instanceof DaemonError && error.code === "BIND_REFUSED", host);
    assert.match(error.message, said);
    return true;
  });

describe("daemon/api: where it may listen", () => {
  it("binds loopback whatever else is set", async () => {
    const open = terms({ authenticated: false });
    for (const host of ["127.0.0.1", "127.8.9.10", "::1"]) assert.equal(await bindAddress(host, open), host);
    assert.equal(await bindAddress("[::1]", open), "::1");
  });

  it("goes beyond with TLS, or where it is told that it may without", async () => {
    for (const host of OUTSIDE) {
      await refused(host, terms(), /api\.tls_cert_file and api\.tls_key_file.*--api-insecure-bind.*ssh -L/s);
      assert.equal(await bindAddress(host, terms({ encrypted: true })), host);
      assert.equal(await bindAddress(host, terms({ insecureBind: true })), host);
    }
  });

  it("never goes beyond without authentication, whatever else is set", async () => {
    for (const host of OUTSIDE) {
      const open = terms({ authenticated: false, encrypted: true, insecureBind: true });
      await refused(host, open, /authentication\.provider to jwt/);
    }
  });

  it("says so when a name does not resolve", async () => {
    await refused("no-such-host.invalid", terms({ encrypted: true }), /does not resolve/);
  });
});
