/** Deny by default: every declared route against everything that must not open it. */
import assert from "node:assert/strict";
import { createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { decodeJwt, decodeProtectedHeader, type JWTPayload, SignJWT } from "jose";
import { Registry } from "prom-client";
import { readLocalAccess } from "../auth/local_key.js";
import { ADMIN_PASSWORD, adminOf, startTestAuth, type TestAuth } from "../auth/testing/auth.js";
import type { ErrorBody } from "../services/errors.js";
import { mayAct, ROLES } from "./caller.js";
import type { ApiServer } from "./index.js";
import type { Route } from "./route.js";
import { swarmSurface } from "./swarm/index.js";
import { startTestApi } from "./testing/api.js";

const routes = swarmSurface(new Registry()).routes;
const guarded = routes.filter((route) => route.role !== "public");
const stranger = generateKeyPairSync("rsa", { modulusLength: 2048 });

describe("daemon/api: refusals", function () {
  this.timeout(60_000);
  let test: TestAuth;
  let api: ApiServer;
  /** By what is wrong with it. */
  const bad = new Map<string, Record<string, string>>();
  const good = new Map<(typeof ROLES)[number], string>();

  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
  const ask = (route: Route, headers: Record<string, string>) => {
    const path = route.path.replace(/:(\w+)/g, (_, name) =>
      encodeURIComponent(route.example.params?.[name] ?? ""),
    );
    // A route may be a stream that never ends: its head says enough.
    return fetch(`${api.address}${path}`, {
      method: route.method,
      headers,
      signal: AbortSignal.timeout(20_000),
    });
  };

  before(async () => {
    test = await startTestAuth();
    await adminOf(test);
    const { service, keeper } = test.auth;
    api = await startTestApi({ keeper, auth: service });
    for (const role of ROLES) {
      await service.createUser({ username: role, password: ADMIN_PASSWORD, role }).catch(() => undefined);
      good.set(role, (await service.login({ username: role, password: ADMIN_PASSWORD }, "192.0.2.1")).token);
    }
    const valid = good.get("admin") as string;
    const claims = decodeJwt(valid);
    const { kid = "" } = decodeProtectedHeader(valid);
    const { privateKey, publicPem } = await ownKey();
    const sign = (changed: JWTPayload, header: object = {}, key: KeyObject | Uint8Array = privateKey) =>
      new SignJWT({ ...claims, ...changed }).setProtectedHeader({ alg: "RS256", kid, ...header }).sign(key);

    const control = await sign({});
    assert.equal((await fetch(`${api.address}/api/v1/auth/me`, { headers: bearer(control) })).status, 200);

    bad.set("no token", {});
    bad.set("an empty token", { authorization: "Bearer " });
    bad.set("a password", {
      authorization: `Basic ${Buffer.from(`admin:${ADMIN_PASSWORD}`).toString("base64")}`,
    });
    bad.set("garbage", bearer("garbage"));
    bad.set("garbage as an API key", { "x-api-key": "garbage" });
    bad.set("an API key of nobody", bearer(`ncrsh_key_${"A".repeat(43)}.admin`));
    bad.set("a token too long", bearer("x".repeat(5000)));
    bad.set("expired", bearer(await sign({ exp: Math.floor(Date.now() / 1000) - 120 })));
    bad.set("without an end", bearer(await sign({ exp: undefined })));
    bad.set("wrong key", bearer(await sign({}, {}, stranger.privateKey)));
    bad.set("unknown kid", bearer(await sign({}, { kid: "unknown" }, stranger.privateKey)));
    bad.set("no kid", bearer(await sign({}, { kid: undefined })));
    bad.set("another RSA algorithm", bearer(await sign({}, { alg: "RS512" })));
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
    for (const alg of ["none", "None", "NONE"])
      bad.set(`alg ${alg}`, bearer(`${part({ alg, kid })}.${part(claims)}.`));
    bad.set(
      "alg none with a signature",
      bearer(`${part({ alg: "none", kid })}.${part(claims)}.${valid.split(".")[2]}`),
    );
    for (const [form, secret] of publicPem)
      bad.set(`HS256 with the public key as ${form}`, bearer(await sign({}, { alg: "HS256" }, secret)));
    const [head, , signature] = valid.split(".");
    bad.set("changed claims", bearer(`${head}.${part({ ...claims, sub: "viewer" })}.${signature}`));
    bad.set("a signature cut off", bearer(valid.slice(0, -8)));
    bad.set("other audience", bearer(await sign({ aud: "another-swarm" })));
    bad.set("other issuer", bearer(await sign({ iss: "somebody" })));
    bad.set("nobody's login", bearer(await sign({ sid: "A".repeat(16) })));
    bad.set("somebody else's login", bearer(await sign({ sub: "viewer" })));
    bad.set("without a login", bearer(await sign({ sid: undefined })));

    const over = await service.login({ username: "admin", password: ADMIN_PASSWORD }, "192.0.2.1");
    await service.logout({ name: "admin", session: String(decodeJwt(over.token).sid) }, null);
    bad.set("revoked", bearer(over.token));
    await service.createUser({ username: "gone", password: ADMIN_PASSWORD, role: "admin" });
    const gone = await service.login({ username: "gone", password: ADMIN_PASSWORD }, "192.0.2.1");
    await service.deleteUser("gone");
    bad.set("a deleted user", bearer(gone.token));
    const key = await service.createKey({ name: "old", role: "admin", expiresInMs: null });
    await service.deleteKey("old");
    bad.set("a deleted API key", bearer(key.key));
    await service.createKey({ name: "brief", role: "admin", expiresInMs: -1 }).then(({ key: brief }) => {
      bad.set("an expired API key", { "x-api-key": brief });
    });
  });

  after(async () => {
    await api?.stop();
    await test?.stop();
  });

  /** The key that this node signs with, to forge with; and its public half in all forms that one could sign with. */
  async function ownKey() {
    const { readFile } = await import("node:fs/promises");
    const { createPrivateKey } = await import("node:crypto");
    const privateKey = createPrivateKey(await readFile(`${test.dataDir}/api/jwt_private.pem`));
    const publicKey = createPublicKey(privateKey);
    const spki = publicKey.export({ type: "spki", format: "pem" });
    const publicPem = new Map<string, Uint8Array>([
      ["PEM", Buffer.from(spki)],
      ["PEM without its last line break", Buffer.from(String(spki).trimEnd())],
      ["DER", publicKey.export({ type: "spki", format: "der" })],
      ["PKCS#1", Buffer.from(publicKey.export({ type: "pkcs1", format: "pem" }))],
      ["JWK", Buffer.from(JSON.stringify(publicKey.export({ format: "jwk" })))],
    ]);
    return { privateKey, publicPem };
  }

  it("guards what there is to guard", () => {
    assert.ok(guarded.length >= 20);
    const open = routes.filter((route) => route.role === "public").map((route) => route.id);
    assert.deepEqual(open.filter((id) => !/^(health|docs)\./.test(id)).sort(), [
      "auth.jwks",
      "auth.login",
      "auth.refresh",
    ]);
  });

  for (const route of guarded) {
    it(`keeps ${route.id} from whoever is nobody`, async () => {
      assert.ok(bad.size >= 25);
      for (const [what, headers] of bad) {
        const response = await ask(route, headers);
        const { error } = (await response.json()) as ErrorBody;
        assert.deepEqual([what, response.status, error.name], [what, 401, "UNAUTHENTICATED"]);
        assert.equal(response.headers.get("www-authenticate"), "Bearer");
      }
    });

    it(`keeps ${route.id} from lesser roles, and only from them`, async () => {
      for (const role of ROLES) {
        // The last one would end the login that the next routes need.
        if (route.id === "auth.logout" && mayAct(role, route.role)) continue;
        const response = await ask(route, bearer(good.get(role) as string));
        const refused = [401, 403].includes(response.status);
        assert.deepEqual([role, refused], [role, !mayAct(role, route.role)]);
        if (refused) assert.equal(((await response.json()) as ErrorBody).error.name, "FORBIDDEN");
        else await response.body?.cancel();
      }
    });
  }

  it("says when the next login is looked at", async () => {
    const login = () =>
      fetch(`${api.address}/api/v1/auth/login`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ username: "viewer", password: "not the password" }),
      });
    // Each failure doubles the wait, so one of the next is refused however slow this machine is.
    for (let i = 0; ; i++) {
      const response = await login();
      const { error } = (await response.json()) as ErrorBody;
      if (response.status === 429) {
        assert.ok(i >= 5);
        assert.equal(response.headers.get("retry-after"), String(error.details.retry_after_seconds));
        return;
      }
      assert.deepEqual([response.status, error.name], [401, "LOGIN_FAILED"]);
      assert.equal(response.headers.get("www-authenticate"), "Bearer");
      assert.ok(i < 15);
    }
  });

  it("lets the key of the data folder in, and logs out for good", async () => {
    const local = await readLocalAccess(`${test.dataDir}/api`);
    const me = await fetch(`${api.address}/api/v1/auth/me`, { headers: bearer(local?.key ?? "") });
    assert.deepEqual(await me.json(), { kind: "key", name: "local", role: "admin", expires_at: null });
    const headers = bearer(good.get("viewer") as string);
    const logout = await fetch(`${api.address}/api/v1/auth/logout`, { method: "POST", headers });
    assert.equal(logout.status, 204);
    assert.equal((await fetch(`${api.address}/api/v1/auth/me`, { headers })).status, 401);
  });
});
