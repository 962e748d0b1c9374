import assert from "node:assert/strict";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { decodeJwt, decodeProtectedHeader } from "jose";
import type { Settings } from "../../consensus/control/index.js";
import type { Caller } from "../api/caller.js";
import { ServiceError, type ServiceErrorName } from "../services/errors.js";
import type { Auth } from "./index.js";
import { AUTH_LIMITS } from "./limits.js";
import { readLocalAccess } from "./local_key.js";
import {
  ADMIN_PASSWORD,
  adminOf,
  startTestAuth,
  type TestAuth,
  type TestAuthOptions,
} from "./testing/auth.js";

const ADDRESS = "127.0.0.1";
const rejects = (work: Promise<unknown>, name: ServiceErrorName) =>
  assert.rejects(work, (error) => error instanceof ServiceError && error.name === name);
const admin = { username: "admin", password: ADMIN_PASSWORD };
const asks = ({ keeper }: Auth, token: string | null): Promise<Caller> =>
  keeper.identify({
    headers: token === null ? {} : { authorization: `Bearer ${token}` },
    address: ADDRESS,
    token: null,
  });

describe("daemon/auth", () => {
  let test: TestAuth;
  const start = async (options?: TestAuthOptions) => {
    test = await startTestAuth(options);
    await adminOf(test);
    return test.auth;
  };
  afterEach(() => test.stop());

  it("lets a user in by a token that names the login, not the role", async () => {
    const auth = await start();
    const login = await auth.service.login(admin, ADDRESS);
    assert.equal(login.expires_in, 86_400);
    assert.deepEqual(Object.keys(decodeJwt(login.token)).sort(), [
      "aud",
      "exp",
      "iat",
      "iss",
      "jti",
      "sid",
      "sub",
    ]);
    const { alg, kid } = decodeProtectedHeader(login.token);
    assert.equal(alg, "RS256");
    assert.deepEqual(
      auth.service.jwks().keys.map((key) => key.kid),
      [kid],
    );
    const caller = await asks(auth, login.token);
    assert.equal(caller.refusal, null);
    assert.deepEqual(
      [caller.kind, caller.name, caller.role, caller.id],
      ["user", "admin", "admin", "user:admin"],
    );
    assert.equal(caller.expiresAtMs, Math.floor(Date.parse(login.expires_at) / 1000) * 1000);
  });

  it("has every node take what another one has issued", async () => {
    const auth = await start();
    const other = await test.another();
    const { token } = await auth.service.login(admin, ADDRESS);
    assert.equal((await asks(other, token)).role, "admin");
    const back = await other.service.login(admin, ADDRESS);
    assert.equal((await asks(auth, back.token)).role, "admin");
    assert.equal(auth.service.jwks().keys.length, 2);
    assert.deepEqual(auth.service.jwks(), other.service.jwks());
  });

  it("asks the swarm once before it refuses what another node may just have issued", async () => {
    const auth = await start();
    const { settings } = test.swarm;
    // As a node that has not applied it yet, and does once it asks.
    let behind: Settings | null = settings.state;
    let asked = 0;
    const late = await test.another(undefined, {
      get state() {
        return behind ?? settings.state;
      },
      read: async () => {
        asked++;
        behind = null;
        return settings.read();
      },
      set: (...args) => settings.set(...args),
      delete: (...args) => settings.delete(...args),
    });
    const { token } = await auth.service.login(admin, ADDRESS);
    assert.equal((await asks(late, token)).role, "admin");
    assert.equal(asked, 1);
    for (let i = 0; i < 20; i++) await asks(late, `ncrsh_key_${"A".repeat(43)}.nobody`);
    assert.ok(asked < 20, "whoever sends garbage does not have every node ask");
  });

  it("ends a login everywhere, also after a restart", async () => {
    const auth = await start();
    const other = await test.another();
    const { token, refresh_token } = await auth.service.login(admin, ADDRESS);
    const { name, session = null } = await asks(other, token);
    await other.service.logout({ name, session }, null);
    for (const node of [auth, other, await test.another()]) {
      assert.match((await asks(node, token)).refusal ?? "", /has ended/);
    }
    await rejects(auth.service.refresh(refresh_token), "LOGIN_FAILED");
  });

  it("renews a login, and ends it when a used refresh token is shown again", async () => {
    const auth = await start();
    const first = await auth.service.login(admin, ADDRESS);
    const second = await auth.service.refresh(first.refresh_token);
    assert.equal((await asks(auth, second.token)).role, "admin");
    await rejects(auth.service.refresh(first.refresh_token), "LOGIN_FAILED");
    assert.equal((await asks(auth, second.token)).role, null);
    await rejects(auth.service.refresh(second.refresh_token), "LOGIN_FAILED");
  });

  it("refuses a refresh token that only looks like one, and leaves the login alone", async () => {
    const auth = await start();
    const { token, refresh_token } = await auth.service.login(admin, ADDRESS);
    for (const wrong of [refresh_token.replace(/\.[^.]+\./, `.${"A".repeat(43)}.`), "x", `${refresh_token}x`])
      await rejects(auth.service.refresh(wrong), "LOGIN_FAILED");
    assert.equal((await asks(auth, token)).role, "admin");
  });

  it("looks the role up each time, and knows no deleted user", async () => {
    const auth = await start();
    await auth.service.createUser({ username: "ada", password: "some password", role: "operator" });
    const { token } = await auth.service.login({ username: "ada", password: "some password" }, ADDRESS);
    assert.equal((await asks(auth, token)).role, "operator");
    await auth.service.updateUser("ada", { role: "viewer" });
    assert.equal((await asks(auth, token)).role, "viewer");
    await auth.service.deleteUser("ada");
    assert.equal((await asks(auth, token)).role, null);
    await rejects(auth.service.deleteUser("ada"), "USER_NOT_FOUND");
  });

  it("ends all logins of a user whose password changes", async () => {
    const auth = await start();
    const { token } = await auth.service.login(admin, ADDRESS);
    await auth.service.updateUser("admin", { password: "another password" });
    assert.equal((await asks(auth, token)).role, null);
    await rejects(auth.service.login(admin, ADDRESS), "LOGIN_FAILED");
    await auth.service.login({ username: "admin", password: "another password" }, ADDRESS);
  });

  it("keeps an admin", async () => {
    const auth = await start();
    await rejects(auth.service.deleteUser("admin"), "LAST_ADMIN");
    await rejects(auth.service.updateUser("admin", { role: "viewer" }), "LAST_ADMIN");
    await rejects(
      auth.service.createUser({ username: "admin", password: "some password", role: "admin" }),
      "USER_EXISTS",
    );
    await auth.service.createUser({ username: "eve", password: "some password", role: "admin" });
    await auth.service.deleteUser("admin");
  });

  it("takes API keys until they end or are deleted, and keeps no key", async () => {
    let nowMs = Date.now();
    const auth = await start({ now: () => nowMs });
    const made = await auth.service.createKey({ name: "ci", role: "operator", expiresInMs: 60_000 });
    assert.deepEqual(await asks(auth, made.key), {
      ...{ kind: "key", name: "ci", role: "operator", refusal: null, id: "key:ci" },
      expiresAtMs: nowMs + 60_000,
    });
    const byHeader = { headers: { "x-api-key": made.key }, address: ADDRESS, token: null };
    assert.equal((await auth.keeper.identify(byHeader)).role, "operator");
    assert.match(
      (await asks(auth, made.key.replace(/.\.ci$/, "!.ci"))).refusal ?? "",
      /not one of this swarm's/,
    );
    const forged = made.key.replace(/^ncrsh_key_.{43}/, `ncrsh_key_${"A".repeat(43)}`);
    assert.match((await asks(auth, forged)).refusal ?? "", /no such API key/);
    await rejects(auth.service.createKey({ name: "ci", role: "viewer", expiresInMs: null }), "KEY_EXISTS");
    assert.doesNotMatch(JSON.stringify(test.swarm.settings.state), new RegExp(made.key.slice(10, 53)));
    nowMs += 60_000;
    assert.match((await asks(auth, made.key)).refusal ?? "", /expired/);
    await auth.service.deleteKey("ci");
    assert.match((await asks(auth, made.key)).refusal ?? "", /no such API key/);
    await rejects(auth.service.deleteKey("ci"), "KEY_NOT_FOUND");
  });

  it("refuses a token that has expired, also one that it has seen valid", async () => {
    let nowMs = Date.now();
    const auth = await start({ now: () => nowMs, flags: { "authentication-token-expiry": "1m" } });
    const { token } = await auth.service.login(admin, ADDRESS);
    assert.equal((await asks(auth, token)).role, "admin");
    nowMs += 61_000;
    assert.match((await asks(auth, token)).refusal ?? "", /expired/);
    nowMs += 60_000;
    assert.match((await asks(auth, token)).refusal ?? "", /expired/);
  });

  it("makes whoever fails too often wait, with one answer for a wrong name and a wrong password", async () => {
    let nowMs = Date.now();
    const auth = await start({ now: () => nowMs });
    const wrong = { username: "admin", password: "not the password" };
    const told = async (request: typeof wrong) => {
      const error = await auth.service.login(request, ADDRESS).catch((e: unknown) => e);
      assert.ok(error instanceof ServiceError);
      return [error.name, error.message, error.details.retry_after_seconds];
    };
    assert.deepEqual(await told(wrong), await told({ ...wrong, username: "Nobody's name" }));
    for (let i = 0; i < 4; i++) await told(wrong);
    assert.deepEqual((await told(admin)).slice(0, 1), ["RATE_LIMITED"]);
    assert.equal((await told(admin))[2], 1);
    nowMs += 1000;
    await told(wrong);
    assert.equal((await told(admin))[2], 2);
    await auth.service.login(admin, "192.0.2.7");
    nowMs += 2000;
    await auth.service.login(admin, ADDRESS);
  });

  it("keeps no more logins of a user than fit: the one that would end first goes", async () => {
    let nowMs = Date.now();
    const auth = await start({ now: () => nowMs++ });
    const tokens: string[] = [];
    for (let i = 0; i <= AUTH_LIMITS.sessionsPerUser; i++)
      tokens.push((await auth.service.login(admin, ADDRESS)).token);
    assert.equal((await asks(auth, tokens[0] as string)).role, null);
    assert.equal((await asks(auth, tokens[1] as string)).role, "admin");
    assert.equal((await asks(auth, tokens.at(-1) as string)).role, "admin");
  }).timeout(60_000);

  it("lets programs in that may read the data folder, at this node only", async () => {
    const auth = await start();
    const local = await readLocalAccess(join(test.dataDir, "api"));
    assert.equal(local?.address, "http://127.0.0.1:1");
    assert.equal((await stat(join(test.dataDir, "api", "local.json"))).mode & 0o777, 0o600);
    assert.equal((await stat(join(test.dataDir, "api", "jwt_private.pem"))).mode & 0o777, 0o600);
    assert.equal((await asks(auth, local?.key ?? "")).role, "admin");
    assert.equal((await asks(await test.another(), local?.key ?? "")).role, null);
    await auth.stop();
    assert.equal(await readLocalAccess(join(test.dataDir, "api")), null);
  });

  it("says that it knows nobody before it belongs to a swarm, and lets only the local key in", async () => {
    let member = true;
    const auth = await start({ member: () => member });
    const { token } = await auth.service.login(admin, ADDRESS);
    member = false;
    assert.match((await asks(auth, token)).refusal ?? "", /NOT_READY/);
    await rejects(auth.service.login(admin, ADDRESS), "NOT_READY");
    assert.throws(() => auth.service.jwks(), /does not belong to a swarm/);
    const local = await readLocalAccess(join(test.dataDir, "api"));
    assert.equal((await asks(auth, local?.key ?? "")).role, "admin");
  });

  it("shows a generated admin password once, and stores it nowhere", async () => {
    const auth = await start({ flags: { "authentication-admin-password": "" } });
    const shown = test.logged.flatMap((line) => /with the password (\S+)/.exec(line)?.[1] ?? []);
    assert.equal(shown.length, 1);
    const [password = ""] = shown;
    await auth.service.login({ username: "admin", password }, ADDRESS);
    assert.doesNotMatch(JSON.stringify(test.swarm.settings.state), new RegExp(password));
    assert.doesNotMatch(
      await readFile(join(test.dataDir, "api", "jwt_private.pem"), "utf8"),
      new RegExp(password),
    );
  });

  it("signs with a shared secret where that is chosen, and publishes no key", async () => {
    const flags = { "authentication-algorithm": "hs256", "api-jwt-secret": "s".repeat(32) };
    const auth = await start({ flags });
    const { token } = await auth.service.login(admin, ADDRESS);
    assert.equal(decodeProtectedHeader(token).alg, "HS256");
    assert.deepEqual(auth.service.jwks(), { keys: [] });
    assert.equal((await asks(await test.another(), token)).role, "admin");
    const stranger = await test.another({ ...flags, "api-jwt-secret": "t".repeat(32) });
    assert.match((await asks(stranger, token)).refusal ?? "", /signature is wrong/);
    const rs256 = await test.another({});
    assert.match((await asks(rs256, token)).refusal ?? "", /not one of this swarm's/);
  });

  it("takes tokens of a key that was rotated away until they end", async () => {
    let nowMs = Date.now();
    const auth = await start({ now: () => nowMs });
    const { token } = await auth.service.login(admin, ADDRESS);
    const rotated = await test.another();
    const next = await rotated.service.login(admin, ADDRESS);
    assert.notEqual(decodeProtectedHeader(next.token).kid, decodeProtectedHeader(token).kid);
    const judge = await test.another();
    assert.equal((await asks(judge, token)).role, "admin");
    nowMs += 5 * 86_400_000;
    await rotated.service.refresh(next.refresh_token);
    const kids = rotated.service.jwks().keys.map((key) => key.kid);
    assert.deepEqual(kids, [decodeProtectedHeader(next.token).kid]);
    assert.match((await asks(judge, token)).refusal ?? "", /key that this swarm does not know|expired/);
  });

  it("refuses one user or key more than there may be", async () => {
    const auth = await start();
    for (let i = 0; i < AUTH_LIMITS.apiKeys; i++)
      await auth.service.createKey({ name: `k${i}`, role: "viewer", expiresInMs: null });
    await rejects(auth.service.createKey({ name: "more", role: "viewer", expiresInMs: null }), "AUTH_FULL");
    for (let i = 1; i < AUTH_LIMITS.users; i++)
      await auth.service.createUser({ username: `u${i}`, password: "some password", role: "viewer" });
    await rejects(
      auth.service.createUser({ username: "more", password: "some password", role: "viewer" }),
      "AUTH_FULL",
    );
  }).timeout(60_000);
});
