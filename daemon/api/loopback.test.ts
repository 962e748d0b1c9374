import assert from "node:assert/strict";
import { isLoopback } from "./loopback.js";

describe("daemon/api: loopback", () => {
  it("is 127.0.0.0/8 and ::1, and nothing that only looks like it", () => {
    for (const address of ["127.0.0.1", "127.8.9.10", "::1"])
      assert.equal(isLoopback(address), true, address);
    for (const address of ["0.0.0.0", "::", "10.0.0.5", "localhost", "127.0.0.1.evil", "[::1]", ""])
      assert.equal(isLoopback(address), false, address);
  });
});
