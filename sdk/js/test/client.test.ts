import assert from "node:assert/strict";
import {
  NodeNotFoundError,
  OPERATIONS,
  SwarmApiError,
  SwarmClient,
  SwarmConnectionError,
  SwarmTimeoutError,
  TrainingInProgressError,
} from "../src/index.js";
import { Tokens } from "../src/tokens.js";
import { Transport } from "../src/transport.js";
import { fakeFetch, jsonResponse, refusal, type Scripted } from "./testing/fake_fetch.js";

const BASE = "http://node.test:8080";

/** Waits are as short as they can be: nothing is random, and nothing asks for seconds. */
function clientOf(answers: Scripted[], options: Partial<ConstructorParameters<typeof SwarmClient>[0]> = {}) {
  const { fetch, asked } = fakeFetch(...answers);
  return { client: new SwarmClient({ baseUrl: `${BASE}/`, fetch, random: () => 0, ...options }), asked };
}

describe("sdk/js: calls", () => {
  it("has a method for every operation", () => {
    const { client } = clientOf([]);
    for (const id of Object.keys(OPERATIONS)) {
      const [group, snake] = id.split(".") as [string, string];
      const name = snake.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
      const methods = (client as unknown as Record<string, Record<string, unknown>>)[group];
      assert.equal(typeof methods?.[name], "function", id);
    }
  });

  it("puts values where they belong", async () => {
    const { client, asked } = clientOf([jsonResponse({}), jsonResponse({}), jsonResponse({})]);
    await client.nodes.get("a/b?c");
    await client.consensus.history({ limit: 5 });
    await client.training.start({ dataset: "builtin:moby-dick", epochs: 2 });
    assert.deepEqual(
      asked.map(({ method, url, body }) => [method, url, body]),
      [
        ["GET", `${BASE}/api/v1/nodes/a%2Fb%3Fc`, undefined],
        ["GET", `${BASE}/api/v1/consensus/history?limit=5`, undefined],
        ["POST", `${BASE}/api/v1/training/start`, { dataset: "builtin:moby-dick", epochs: 2 }],
      ],
    );
  });

  it("does not let an id become another path", async () => {
    const { client, asked } = clientOf([]);
    for (const id of ["", ".", ".."]) await assert.rejects(client.nodes.get(id), TypeError);
    assert.equal(asked.length, 0);
  });

  it("throws an error of its own class for each name, with all that the node says", async () => {
    const { client } = clientOf([
      refusal(404, "NODE_NOT_FOUND", 1001, { node_id: "x" }),
      refusal(409, "TRAINING_IN_PROGRESS", 1002),
      refusal(418, "LATER_ERROR", 1999),
      new Response("<html>bad gateway", { status: 502 }),
    ]);
    await assert.rejects(client.nodes.get("x"), (error: unknown) => {
      assert.ok(error instanceof NodeNotFoundError && error instanceof SwarmApiError);
      const { name, code, status, details, requestId } = error;
      assert.deepEqual(
        [name, code, status, details, requestId],
        ["NODE_NOT_FOUND", 1001, 404, { node_id: "x" }, "r-1"],
      );
      return true;
    });
    await assert.rejects(client.training.start({ dataset: "d" }), TrainingInProgressError);
    await assert.rejects(client.nodes.list(), { name: "LATER_ERROR", code: 1999 });
    await assert.rejects(client.nodes.list(), {
      name: "UNKNOWN",
      status: 502,
      message: "HTTP 502: <html>bad gateway",
    });
  });

  it("takes the 503 of a node that is not ready for what it is: an answer", async () => {
    const { client, asked } = clientOf([jsonResponse({ ready: false, checks: {} }, 503)]);
    assert.deepEqual(await client.health.ready(), { ready: false, checks: {} });
    assert.equal(asked.length, 1);
  });

  it("follows pages to their end", async () => {
    const page = (first: number, next: number | null) =>
      jsonResponse({ decisions: [{ index: first }, { index: first - 1 }], next_before: next });
    const { client, asked } = clientOf([page(4, 3), page(2, null)]);
    const seen: number[] = [];
    for await (const { index } of client.consensus.historyIterate({ limit: 2 })) seen.push(index);
    assert.deepEqual(seen, [4, 3, 2, 1]);
    assert.deepEqual(
      asked.map((a) => new URL(a.url).search),
      ["?limit=2", "?limit=2&before=3"],
    );
  });

  it("refuses an address that is none", () => {
    for (const baseUrl of ["localhost:8080", "ftp://x", ""])
      assert.throws(() => new SwarmClient({ baseUrl }), /baseUrl: expected/);
  });
});

describe("sdk/js: trying again", () => {
  const broken = new TypeError("fetch failed", { cause: new Error("ECONNREFUSED") });

  it("repeats what is read, after errors of the connection, 503 and 429", async () => {
    const { client, asked } = clientOf([
      broken,
      refusal(503, "NOT_READY", 1110),
      refusal(429, "RATE_LIMITED", 1106, {}, { "Retry-After": "0" }),
      jsonResponse({ nodes: [] }),
    ]);
    assert.deepEqual(await client.nodes.list(), { nodes: [] });
    assert.equal(asked.length, 4);
  });

  it("gives up after so many tries, with the last error", async () => {
    const { client, asked } = clientOf([broken, broken], { retries: 1 });
    await assert.rejects(client.nodes.list(), (error: unknown) => {
      assert.ok(error instanceof SwarmConnectionError);
      assert.match(error.message, /GET http:\/\/node\.test:8080\/api\/v1\/nodes: ECONNREFUSED/);
      return true;
    });
    assert.equal(asked.length, 2);
  });

  it("does not repeat what may have been done", async () => {
    for (const failure of [broken, refusal(503, "CONSENSUS_FAILED", 1003, { committed: "unknown" })]) {
      const { client, asked } = clientOf([failure]);
      await assert.rejects(client.settings.set("user.note", { value: 1 }));
      assert.equal(asked.length, 1);
    }
  });

  it("repeats a change that was surely not made", async () => {
    const { client, asked } = clientOf([
      refusal(503, "NETWORK_PARTITION", 1005, { committed: "no" }),
      jsonResponse({ key: "user.note" }),
    ]);
    await client.settings.set("user.note", { value: 1 });
    assert.equal(asked.length, 2);
  });

  it("sends one idempotency key with every try, where the operation takes one", async () => {
    const spec = { ...OPERATIONS["training.start"], headerNames: ["Idempotency-Key"] };
    const { fetch, asked } = fakeFetch(broken, jsonResponse({}), jsonResponse({}));
    const transport = transportOf(fetch);
    await transport.call(spec, { path: {}, args: { dataset: "d" } });
    await transport.call(spec, { path: {}, args: { dataset: "d" } });
    const [first, again, other] = asked.map((a) => a.headers.get("Idempotency-Key"));
    assert.match(first ?? "", /^[0-9a-f-]{36}$/);
    assert.equal(again, first);
    assert.notEqual(other, first);
  });

  it("does not wait for a node that asks for more patience than it has", async () => {
    const { client, asked } = clientOf([refusal(429, "RATE_LIMITED", 1106, {}, { "Retry-After": "3600" })]);
    await assert.rejects(client.nodes.list(), { retryAfterMs: 3_600_000 });
    assert.equal(asked.length, 1);
  });

  it("ends with the caller's signal, while it waits too", async () => {
    const { client } = clientOf([refusal(429, "RATE_LIMITED", 1106, {}, { "Retry-After": "60" })]);
    const caller = new AbortController();
    const call = client.nodes.list({}, { signal: caller.signal });
    setImmediate(() => caller.abort(new Error("enough")));
    await assert.rejects(call, /enough/);
  });

  it("ends a try that takes too long", async () => {
    const never: typeof fetch = (_, init) =>
      new Promise((_resolve, reject) => {
        init?.signal?.addEventListener("abort", () => reject(init.signal?.reason));
      });
    const client = new SwarmClient({ baseUrl: BASE, fetch: never, retries: 0, timeoutMs: 5 });
    await assert.rejects(client.nodes.list(), SwarmTimeoutError);
  });
});

describe("sdk/js: who asks", () => {
  const tokens = (token: string, expires_in = 3600) =>
    jsonResponse({ token, expires_in, refresh_token: `refresh-${token}` });

  it("sends a token or a key", async () => {
    const first = clientOf([jsonResponse({})], { authToken: "t" });
    await first.client.nodes.list();
    assert.equal(first.asked[0]?.headers.get("Authorization"), "Bearer t");
    const second = clientOf([jsonResponse({})], { apiKey: "k" });
    await second.client.nodes.list();
    assert.equal(second.asked[0]?.headers.get("X-API-Key"), "k");
  });

  it("logs in by itself, once for calls at the same time", async () => {
    const { client, asked } = clientOf([tokens("a"), jsonResponse({}), jsonResponse({})], {
      username: "admin",
      password: "secret",
    });
    await Promise.all([client.nodes.list(), client.models.list()]);
    assert.deepEqual(
      asked.map((a) => [new URL(a.url).pathname, a.headers.get("Authorization")]),
      [
        ["/api/v1/auth/login", null],
        ["/api/v1/nodes", "Bearer a"],
        ["/api/v1/models", "Bearer a"],
      ],
    );
    assert.deepEqual(asked[0]?.body, { username: "admin", password: "secret" });
  });

  it("renews a token that does not count any more, and repeats the call", async () => {
    const { client, asked } = clientOf(
      [tokens("a"), refusal(401, "UNAUTHENTICATED", 1109), tokens("b"), jsonResponse({ ok: 1 })],
      { username: "admin", password: "secret" },
    );
    assert.deepEqual(await client.nodes.list(), { ok: 1 });
    assert.deepEqual(asked[2]?.body, { refresh_token: "refresh-a" });
    assert.equal(asked[3]?.headers.get("Authorization"), "Bearer b");
  });

  it("renews a token before it runs out, and logs in where that is refused", async () => {
    let nowMs = 0;
    const { fetch, asked } = fakeFetch(
      tokens("a", 100),
      tokens("b", 100),
      refusal(401, "UNAUTHENTICATED", 1109),
      tokens("c"),
    );
    const source = new Tokens(BASE, { username: "u", password: "p" }, fetch, () => nowMs);
    assert.equal(await source.bearer(), "a");
    nowMs = 69_000;
    assert.equal(await source.bearer(), "a");
    nowMs = 70_000;
    assert.equal(await source.bearer(), "b");
    nowMs = 140_000;
    assert.equal(await source.bearer(), "c");
    const paths = asked.map((a) => new URL(a.url).pathname.split("/").at(-1));
    assert.deepEqual(paths, ["login", "refresh", "refresh", "login"]);
  });

  it("keeps what renews a token where a node cannot renew it now", async () => {
    const { fetch, asked } = fakeFetch(refusal(503, "NOT_READY", 1110), tokens("b"));
    const source = new Tokens(BASE, {}, fetch);
    source.keep({ token: "a", expires_in: 3600, refresh_token: "refresh-a" });
    await assert.rejects(source.renew(), { name: "NOT_READY" });
    await source.renew();
    assert.deepEqual(asked[1]?.body, { refresh_token: "refresh-a" });
    assert.equal(await source.bearer(), "b");
  });

  it("fails as the call does where a login is over, and logs out of it without an error", async () => {
    const over = () => refusal(401, "UNAUTHENTICATED", 1109);
    const { client } = clientOf([tokens("a"), over(), refusal(401, "LOGIN_FAILED", 1155), over()]);
    await client.auth.login({ username: "u", password: "p" });
    await assert.rejects(client.auth.me(), (error: SwarmApiError) => {
      assert.equal(error.name, "UNAUTHENTICATED");
      assert.equal((error.cause as Error).name, "LOGIN_FAILED");
      return true;
    });
    await client.auth.logout();
  });

  it("says why where the password is refused, and does not try it again", async () => {
    const { client, asked } = clientOf([refusal(401, "UNAUTHENTICATED", 1109)], {
      username: "u",
      password: "no",
    });
    await assert.rejects(client.nodes.list(), { name: "UNAUTHENTICATED" });
    assert.equal(asked.length, 1);
  });

  it("keeps what a login answers, and forgets it at the logout", async () => {
    const { fetch, asked } = fakeFetch(
      tokens("a"),
      jsonResponse({}),
      new Response(null, { status: 204 }),
      jsonResponse({}),
    );
    const transport = transportOf(fetch);
    const spec = { ...OPERATIONS["nodes.list"], pathNames: [], queryNames: [], headerNames: [] };
    await transport.call({ ...spec, id: "auth.login", http: "POST", body: "json" }, { path: {}, args: {} });
    await transport.call(spec, { path: {}, args: {} });
    await transport.call({ ...spec, id: "auth.logout", http: "POST" }, { path: {}, args: {} });
    await transport.call(spec, { path: {}, args: {} });
    assert.deepEqual(
      asked.map((a) => a.headers.get("Authorization")),
      [null, "Bearer a", "Bearer a", null],
    );
  });
});

function transportOf(fetcher: typeof fetch): Transport {
  return new Transport({
    baseUrl: BASE,
    fetch: fetcher,
    tokens: new Tokens(BASE, {}, fetcher),
    timeoutMs: 0,
    retries: 2,
    headers: {},
    random: () => 0,
  });
}
