import assert from "node:assert/strict";
import type { IncomingMessage } from "node:http";
import { clientAddress, clientKey, isEncrypted, isProxy, trustOf } from "./proxy.js";

/** The part of a request that is looked at. */
function from(remoteAddress: string, headers: Record<string, string> = {}): IncomingMessage {
  return { headers, socket: { remoteAddress } } as Partial<IncomingMessage> as IncomingMessage;
}

describe("daemon/api: behind a proxy", () => {
  const forged = { "x-forwarded-for": "6.6.6.6", "x-forwarded-proto": "https" };

  it("believes nobody unless it is told to", () => {
    const trust = trustOf([]);
    assert.equal(clientAddress(from("10.0.0.9", forged), trust), "10.0.0.9");
    assert.equal(clientAddress(from("127.0.0.1", forged), trust), "127.0.0.1");
    assert.equal(isEncrypted(from("10.0.0.9", forged), trust), false);
    assert.equal(clientAddress(from("::ffff:10.0.0.9", forged), trust), "10.0.0.9");
  });

  it("believes the proxies it knows, and not what stands before them", () => {
    const trust = trustOf(["10.0.0.0/8", "::1"]);
    const chain = { "x-forwarded-for": "6.6.6.6, 192.0.2.7, 10.1.1.1", "x-forwarded-proto": "https" };
    assert.equal(clientAddress(from("10.0.0.9", chain), trust), "192.0.2.7");
    assert.equal(clientAddress(from("::ffff:10.0.0.9", chain), trust), "192.0.2.7");
    assert.equal(isEncrypted(from("10.0.0.9", chain), trust), true);
    assert.equal(clientAddress(from("192.0.2.1", chain), trust), "192.0.2.1");
    assert.equal(isEncrypted(from("192.0.2.1", chain), trust), false);
    assert.equal(isEncrypted(from("10.0.0.9", { "x-forwarded-proto": "http, https" }), trust), false);
  });

  it("counts hops", () => {
    const chain = { "x-forwarded-for": "6.6.6.6, 192.0.2.7, 10.1.1.1" };
    assert.equal(clientAddress(from("203.0.113.1", chain), trustOf(["1"])), "10.1.1.1");
    assert.equal(clientAddress(from("203.0.113.1", chain), trustOf(["2"])), "192.0.2.7");
  });

  it("takes the proxy's own address for what is none", () => {
    const trust = trustOf(["10.0.0.9"]);
    for (const said of ["unknown", "6.6.6.6:80", "<script>", "", "10.0.0.300"])
      assert.equal(clientAddress(from("10.0.0.9", { "x-forwarded-for": said }), trust), "10.0.0.9", said);
  });

  it("can be told addresses, networks and hops", () => {
    for (const text of ["10.0.0.1", "10.0.0.0/8", "::1", "2001:db8::/32", "loopback", "1", "8"])
      assert.equal(isProxy(text), true, text);
    for (const text of ["0", "9", "-1", "10.0.0.0/99", "proxy.example", "", "*", "true"])
      assert.equal(isProxy(text), false, text);
  });

  it("counts a /64 of IPv6 as one client", () => {
    assert.equal(clientKey("2001:db8:0:1::5"), clientKey("2001:0db8:0000:0001:ffff:1:2:3"));
    assert.notEqual(clientKey("2001:db8:0:1::5"), clientKey("2001:db8:0:2::5"));
    assert.equal(clientKey("::1"), "0:0:0:0::/64");
    assert.equal(clientKey("fe80::1%eth0"), "fe80:0:0:0::/64");
    assert.equal(clientKey("10.0.0.1"), "10.0.0.1");
  });
});
