import assert from "node:assert/strict";
import { DaemonError } from "../errors.js";
import { isLocalHostHeader, loopbackAddress } from "./loopback.js";

describe("daemon/api: loopback only", () => {
  it("binds this machine and nothing else, and says what to set", async () => {
    assert.equal(await loopbackAddress("127.0.0.1"), "127.0.0.1");
    assert.equal(await loopbackAddress("127.8.9.10"), "127.8.9.10");
    assert.equal(await loopbackAddress("::1"), "::1");
    assert.equal(await loopbackAddress("[::1]"), "::1");
    for (const host of ["0.0.0.0", "::", "10.0.0.5", "::ffff:10.0.0.5", "no-such-host.invalid"]) {
      await assert.rejects(loopbackAddress(host), (error) => {
        assert.ok(error instanceof DaemonError && error.code === "BIND_REFUSED", host);
        assert.match(error.message, /api\.host to 127\.0\.0\.1/);
        return true;
      });
    }
  });

  it("knows its own names in a Host header", () => {
    for (const host of ["localhost", "LOCALHOST:8080", "127.0.0.1", "127.0.0.1:1", "[::1]", "[::1]:8080"]) {
      assert.equal(isLocalHostHeader(host), true, host);
    }
    for (const host of [
      undefined,
      "",
      "evil.example",
      "localhost.evil.example:8080",
      "127.0.0.1.evil.example",
      "10.0.0.5:8080",
      "::1",
      "[::2]:8080",
      "localhost:8080@evil",
    ]) {
      assert.equal(isLocalHostHeader(host), false, String(host));
    }
  });
});
