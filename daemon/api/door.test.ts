/** What a hostile client may try, each against the real door. */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { Writable } from "node:stream";
import pino from "pino";
import type { AuditEvent } from "../audit/index.js";
import type { ErrorBody } from "../services/errors.js";
import { snapshotFixture } from "../services/testing/snapshot.js";
import { auditTo } from "./audit.js";
import { type Caller, type Doorkeeper, openDoor } from "./caller.js";
import type { ApiServer } from "./index.js";
import { API_LIMITS } from "./limits.js";
import { boundConnections } from "./listen.js";
import { type ApiFixtureOptions, startTestApi } from "./testing/api.js";

/** Takes `X-Role` for a role. */
const byHeader: Doorkeeper = {
  identify: async ({ headers, address }): Promise<Caller> => {
    const role = headers["x-role"];
    if (role === "admin" || role === "operator" || role === "viewer")
      return { kind: "user", name: role, role, refusal: null, id: `user:${role}` };
    return { kind: "anonymous", name: "anonymous", role: null, refusal: null, id: `address:${address}` };
  },
};

describe("daemon/api: the door", () => {
  let api: ApiServer;
  const open = async (options: ApiFixtureOptions = {}) => {
    api = await startTestApi(options);
  };
  afterEach(() => api.stop());
  const port = () => Number(new URL(api.address).port);
  const ask = (path: string, init: RequestInit = {}) => fetch(`${api.address}${path}`, init);
  const errorOf = async (response: Response) => {
    const { error } = (await response.json()) as ErrorBody;
    return { status: response.status, ...error };
  };
  /** Sends bytes as they are and reads to the end. */
  const raw = async (text: string, end = true): Promise<string> => {
    const socket = connect(port(), "127.0.0.1");
    if (end) socket.end(text, "latin1");
    else socket.write(text, "latin1");
    return read(socket);
  };
  const read = async (socket: Socket): Promise<string> => {
    let answer = "";
    for await (const chunk of socket) answer += chunk;
    return answer;
  };
  const get = (target: string, headers = "") =>
    raw(`GET ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n${headers}\r\n`);
  const statusOf = (answer: string) => Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]);
  const start = (body: string | Uint8Array, headers: Record<string, string> = {}) =>
    ask("/api/v1/training/start", {
      method: "POST",
      body,
      headers: { "Content-Type": "application/json", ...headers },
    });

  it("closes on clients that send their headers, or their body, too slowly", async () => {
    await open({ limits: { headersTimeoutMs: 100, requestTimeoutMs: 200, connectionsCheckMs: 20 } });
    const head = "POST /api/v1/training/start HTTP/1.1\r\nHost: localhost\r\n";
    assert.equal(statusOf(await raw(head, false)), 408);
    const body = `${head}Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{`;
    assert.equal(statusOf(await raw(body, false)), 408);
    assert.equal((await ask("/health")).status, 200);
  });

  it("cuts off who sends the body of a request that takes none, or that was refused, too slowly", async () => {
    await open({ keeper: byHeader, limits: { requestTimeoutMs: 100 } });
    const trickled = async (head: string) => {
      const socket = connect(port(), "127.0.0.1");
      socket.on("error", () => undefined);
      socket.write(`${head}Content-Length: 100000\r\n\r\n`);
      const trickle = setInterval(() => socket.write("x"), 10);
      let answer = "";
      socket.on("data", (chunk) => {
        answer += chunk;
      });
      // Cut with bytes unread, which the client may see as an error.
      await new Promise((resolve) => socket.once("close", resolve));
      clearInterval(trickle);
      return answer;
    };
    const get = "GET /health HTTP/1.1\r\nHost: localhost\r\n";
    assert.equal(statusOf(await trickled(get)), 200);
    const upload = "POST /api/v1/models/upload HTTP/1.1\r\nHost: localhost\r\n";
    assert.equal(statusOf(await trickled(upload)), 401);
  });

  it("refuses heads that are too large, and too many headers, before it drops one silently", async () => {
    await open();
    const huge = await get("/health", `X: ${"x".repeat(API_LIMITS.headerBytes)}\r\n`);
    assert.match(huge, /^HTTP\/1\.1 431 .*HEADERS_TOO_LARGE/s);
    const many = (count: number) => get("/health", "X: 1\r\n".repeat(count));
    assert.equal(statusOf(await many(API_LIMITS.headers - 2)), 200);
    assert.match(await many(API_LIMITS.headers - 1), /^HTTP\/1\.1 431 .*more than 100 headers/s);
    assert.equal(statusOf(await many(2000)), 431);
    const long = await get(`/health?x=${"x".repeat(API_LIMITS.urlBytes)}`);
    assert.match(long, /^HTTP\/1\.1 414 .*URI_TOO_LONG/s);
  });

  it("refuses what two readers could read differently", async () => {
    await open();
    const body = "POST /api/v1/training/stop HTTP/1.1\r\nHost: localhost\r\n";
    for (const shape of [
      `${body}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      `${body}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n`,
      `${body}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello`,
      `${body}Content-Length: +5\r\n\r\nhello`,
      `${body}Content-Length : 5\r\n\r\nhello`,
      `${body}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`,
      `${body}Host: evil.example\r\nConnection: close\r\n\r\n`,
      `${body}Authorization: Bearer a\r\nAuthorization: Bearer b\r\nConnection: close\r\n\r\n`,
      "GET /health HTTP/1.1\r\nConnection: close\r\n\r\n",
    ])
      assert.equal(statusOf(await raw(shape)), 400, shape);
  });

  it("refuses names in a path that could become another path", async () => {
    await open();
    for (const id of [
      "%2e%2e",
      "%2e%2e%2fetc",
      "a%2fb",
      "a%5cb",
      "a%00",
      "a%0d%0aX:%201",
      "%ff",
      "%zz",
      "..",
    ]) {
      const answer = await get(`/api/v1/nodes/${id}`);
      assert.equal(statusOf(answer), 400, id);
      assert.doesNotMatch(answer, /^X: 1/m);
    }
    for (const query of ["limit=1%00", "limit=%0d%0aX:1", "limit=%ff", "limit=1&limit=2", "__proto__=1"])
      assert.equal(statusOf(await get(`/api/v1/consensus/history?${query}`)), 400, query);
    const bare = await get("/api/v1/nodes/nobody");
    assert.equal(statusOf(bare), 404);
  });

  it("refuses JSON that is too deep, not UTF-8, or meant for a prototype", async () => {
    await open({ snapshot: () => snapshotFixture() });
    const nested = (depth: number) => `{"model": ${"[".repeat(depth - 1)}${"]".repeat(depth - 1)}}`;
    const deep = await errorOf(await start(nested(API_LIMITS.jsonDepth + 1)));
    assert.deepEqual([deep.status, deep.name], [400, "INVALID_REQUEST"]);
    assert.match(deep.message, /nested deeper than 64 levels/);
    assert.doesNotMatch((await errorOf(await start(nested(API_LIMITS.jsonDepth)))).message, /nested/);
    assert.match((await errorOf(await start(nested(400_000)))).message, /nested deeper/);
    for (const key of ["__proto__", "constructor", "prototype"]) {
      const error = await errorOf(await start(`{"dataset": "x", "model": {"${key}": {"admin": true}}}`));
      assert.match(error.message, new RegExp(`a field may not be called ${key}`));
    }
    assert.equal(Reflect.get({}, "admin"), undefined);
    const bytes = await errorOf(await start(new Uint8Array([0x7b, 0xff, 0x7d])));
    assert.match(bytes.message, /not UTF-8/);
    const latin = await start("{}", { "Content-Type": "application/json; charset=latin1" });
    assert.equal(latin.status, 415);
    const chunked = new ReadableStream({
      pull: (controller) => controller.enqueue(new Uint8Array(64 * 1024)),
    });
    const endless = ask("/api/v1/training/start", {
      method: "POST",
      body: chunked,
      headers: { "Content-Type": "application/json" },
      duplex: "half",
    } as RequestInit);
    assert.equal((await endless).status, 413);
  });

  it("takes no more connections than it has room for, in all and of one address", async () => {
    await open();
    const server = createServer((_, response) => response.end());
    const exempt = { all: false };
    boundConnections(server, { connections: 4, connectionsPerAddress: 2 }, () => exempt.all);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const sockets: Socket[] = [];
    /** Whether the server has kept it: it answers. */
    const isKept = () =>
      new Promise<boolean>((resolve) => {
        const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
        sockets.push(socket);
        socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        socket.once("data", () => resolve(true));
        socket.once("error", () => resolve(false));
        socket.once("close", () => resolve(false));
      });
    const kept = async (count: number) => {
      const found: boolean[] = [];
      for (let i = 0; i < count; i++) found.push(await isKept());
      return found;
    };
    assert.deepEqual(await kept(3), [true, true, false]);
    exempt.all = true;
    assert.deepEqual(await kept(3), [true, true, false]);
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });

  it("cuts off what is still under way when its time to finish is over", async () => {
    let entered = () => {};
    const inside = new Promise<void>((resolve) => {
      entered = resolve;
    });
    await open({
      limits: { drainMs: 50 },
      commands: {
        removeNode: () => {
          entered();
          return new Promise(() => {});
        },
      },
    });
    const pending = ask("/api/v1/nodes/node-c", { method: "DELETE" });
    const cut = assert.rejects(pending);
    await inside;
    await api.stop();
    await cut;
  });

  it("answers a preflight with what it needs, exposes what a page may read, and keeps to the methods", async () => {
    const origin = "https://dash.example";
    await open({
      config: { corsEnabled: true },
      cors: { origins: [origin], methods: ["GET", "DELETE"], headers: ["Authorization", "Content-Type"] },
    });
    const preflight = await get("/api/v1/nodes", "");
    assert.doesNotMatch(preflight, /access-control/i);
    const asked = await raw(
      `OPTIONS /api/v1/nodes/a HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nOrigin: ${origin}\r\n` +
        "Access-Control-Request-Method: DELETE\r\nAccess-Control-Request-Headers: authorization\r\n\r\n",
    );
    assert.equal(statusOf(asked), 204);
    assert.match(asked, /^Access-Control-Allow-Headers: Authorization, Content-Type\r$/m);
    assert.match(asked, /^Access-Control-Allow-Methods: GET, DELETE\r$/m);
    assert.match(asked, /^Vary: .*Origin/m);
    const answer = await get("/api/v1/nodes", `Origin: ${origin}\r\n`);
    assert.match(answer, /^Access-Control-Expose-Headers: ETag, Retry-After, RateLimit-Limit.*X-Request-Id/m);
    assert.doesNotMatch(answer, /Allow-Credentials/);
    const posted = await raw(
      `POST /api/v1/training/stop HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nOrigin: ${origin}\r\n\r\n`,
    );
    assert.match(posted, /^HTTP\/1\.1 403 .*POST is not in cors\.methods/s);
  });

  it("says on every limited answer what is left, apart for addresses, users and training", async () => {
    await open({ keeper: byHeader, config: { rateLimit: 100, authenticatedRateLimit: 1000 } });
    const limits = async (path: string, init: RequestInit = {}) => {
      const { headers } = await ask(path, init);
      for (const name of ["Limit", "Remaining", "Reset"])
        assert.equal(headers.get(`RateLimit-${name}`), headers.get(`X-RateLimit-${name}`), name);
      return [
        headers.get("RateLimit-Limit"),
        headers.get("RateLimit-Remaining"),
        headers.get("RateLimit-Reset"),
      ];
    };
    assert.deepEqual(await limits("/api/v1/nodes"), ["100", "99", "1"]);
    const admin = { headers: { "X-Role": "admin" } };
    assert.deepEqual(await limits("/api/v1/nodes", admin), ["1000", "999", "1"]);
    const training = { method: "POST", ...admin };
    assert.deepEqual(await limits("/api/v1/training/stop", training), ["10", "9", "6"]);
    assert.equal((await limits("/api/v1/no-such-route"))[0], "100");
    assert.deepEqual(await limits("/health"), [null, null, null]);
  });

  it("counts clients apart behind a proxy that it trusts, and only there", async () => {
    const from = async (address: string) => {
      const response = await ask("/api/v1/nodes", { headers: { "X-Forwarded-For": address } });
      return Number(response.headers.get("RateLimit-Remaining"));
    };
    await open({ config: { rateLimit: 3, trustProxy: ["loopback"] } });
    assert.deepEqual([await from("192.0.2.1"), await from("192.0.2.2")], [2, 2]);
    assert.equal(await from("192.0.2.1"), 1);
    const secure = await ask("/health", { headers: { "X-Forwarded-Proto": "https" } });
    assert.match(secure.headers.get("strict-transport-security") ?? "", /max-age/);
    await api.stop();
    await open({ config: { rateLimit: 3 } });
    assert.deepEqual([await from("192.0.2.1"), await from("192.0.2.2")], [2, 1]);
    const plain = await ask("/health", { headers: { "X-Forwarded-Proto": "https" } });
    assert.equal(plain.headers.get("strict-transport-security"), null);
  });

  it("opens /metrics to its token and to who is known, once there is one", async () => {
    const token = "0123456789abcdef";
    await open({ keeper: byHeader, metricsToken: token });
    const status = async (headers: Record<string, string>) => (await ask("/metrics", { headers })).status;
    assert.equal(await status({ Authorization: `Bearer ${token}` }), 200);
    assert.equal(await status({ "X-Role": "viewer" }), 200);
    const refused = await ask("/metrics");
    assert.equal(refused.headers.get("www-authenticate"), "Bearer");
    assert.equal((await errorOf(refused)).name, "UNAUTHENTICATED");
    assert.equal(await status({ Authorization: `Bearer ${token}x` }), 401);
    await api.stop();
    await open({ keeper: openDoor, metricsToken: token });
    assert.equal(await status({}), 401, "whoever reaches an open door is nobody in particular");
  });

  it("logs a line for each request that failed, with the id of its answer and no trace in it", async () => {
    const lines: Record<string, unknown>[] = [];
    const stream = new Writable({
      write: (chunk, _, done) => {
        lines.push(JSON.parse(String(chunk)));
        done();
      },
    });
    await open({
      logger: pino({ level: "info" }, stream),
      commands: { removeNode: () => Promise.reject(new Error("secret path")) },
    });
    const missing = await ask("/api/v1/nodes/nobody", { headers: { "X-Request-Id": "mine-1" } });
    assert.equal((await errorOf(missing)).request_id, "mine-1");
    const [line] = lines;
    assert.deepEqual(
      [line?.requestId, line?.code, line?.route, line?.address],
      ["mine-1", 1001, "/api/v1/nodes/:node_id", "127.0.0.1"],
    );
    const broken = await ask("/api/v1/nodes/node-c", { method: "DELETE" });
    const text = await broken.text();
    assert.doesNotMatch(text, /secret|\.ts|\.js|at /);
    assert.equal(lines[1]?.requestId, JSON.parse(text).error.request_id);
    await Promise.all(Array.from({ length: 700 }, () => ask("/none").then((r) => r.arrayBuffer())));
    assert.ok(lines.length <= API_LIMITS.failureLogLinesPerMinute + 100, `${lines.length} lines`);
  });

  it("records changes and who was not let in, and never a body or a query", async () => {
    const events: { event: AuditEvent; refused: boolean }[] = [];
    const sink = {
      append: async (event: AuditEvent, refused: boolean) => void events.push({ event, refused }),
    };
    await open({
      keeper: byHeader,
      audit: auditTo(sink),
      commands: { removeNode: async () => undefined },
    });
    const by = (role: string) => ({ headers: { "X-Role": role } });
    await ask("/api/v1/nodes", by("viewer"));
    await ask("/api/v1/nodes/node-c", { method: "DELETE", ...by("admin") });
    await ask("/api/v1/nodes/node-c?token=secret", { method: "DELETE", ...by("viewer") });
    await ask("/api/v1/nodes", {});
    await start('{"dataset": "builtin:moby-dick", "password": "secret"}', { "X-Role": "operator" });
    assert.deepEqual(
      events.map(({ event, refused }) => [event.action, event.caller, event.outcome, event.status, refused]),
      [
        ["nodes.remove", "user:admin", "ok", 200, false],
        ["nodes.remove", "user:viewer", "FORBIDDEN", 403, true],
        ["nodes.list", "address:127.0.0.1", "UNAUTHENTICATED", 401, true],
        ["training.start", "user:operator", "INVALID_REQUEST", 400, false],
      ],
    );
    assert.deepEqual(events[0]?.event.details, { node_id: "node-c" });
    assert.deepEqual(events[3]?.event.details, { dataset: "builtin:moby-dick" });
    assert.doesNotMatch(JSON.stringify(events), /secret/);
  });
});
