import assert from "node:assert/strict";
import { hostNameOf, hostRule, isHostPattern } from "./hosts.js";

const LOOPBACK = ["localhost", "LOCALHOST:8080", "127.0.0.1", "127.0.0.1:1", "[::1]", "[::1]:8080"];
const NEVER = [
  undefined,
  "",
  "evil.example",
  "localhost.evil.example:8080",
  "127.0.0.1.evil.example",
  "::1",
  "localhost:8080@evil",
  "localhost:8080:1",
  "local host",
  "[evil]",
  "gpu1 ",
];

describe("daemon/api: the Host header", () => {
  it("is a name of this machine alone while only this machine can ask", () => {
    const isOwn = hostRule("127.0.0.1", [], "gpu1");
    for (const host of LOOPBACK) assert.equal(isOwn(host), true, host);
    for (const host of [...NEVER, "10.0.0.5:8080", "[::2]:8080", "gpu1"])
      assert.equal(isOwn(host), false, String(host));
  });

  it("is beyond loopback also an address, the host's own name, and what is allowed", () => {
    const isOwn = hostRule("0.0.0.0", ["Swarm.example.org"], "GPU1");
    for (const host of [...LOOPBACK, "10.0.0.5:8080", "[2001:db8::2]", "gpu1:8080", "swarm.EXAMPLE.org"])
      assert.equal(isOwn(host), true, host);
    for (const host of [...NEVER, "example.org", "x.swarm.example.org"])
      assert.equal(isOwn(host), false, String(host));
  });

  it("is taken apart, and only names can be allowed", () => {
    assert.equal(hostNameOf("[2001:DB8::2]:8080"), "2001:db8::2");
    assert.equal(hostNameOf("a.example:80"), "a.example");
    for (const text of ["a.example", "10.0.0.5", "::1", "a_b"]) assert.equal(isHostPattern(text), true, text);
    for (const text of ["a.example:80", "*", "*.example", "http://a", "", "a/b", "-a"])
      assert.equal(isHostPattern(text), false, text);
  });
});
