import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { type ClientOptions, WebSocket } from "ws";
import { createEvents, EVENT_TYPES, eventSchema, type NodeEventStream } from "../../events/index.js";
import { exampleEvent, largeEvent } from "../../events/testing/examples.js";
import type { ErrorBody } from "../../services/errors.js";
import type { Caller, Credentials, Doorkeeper } from "../caller.js";
import type { ApiServer } from "../index.js";
import { type ApiFixtureOptions, startTestApi } from "../testing/api.js";
import { CLOSE_CODES, serverMessageSchema } from "./messages.js";

/** The contract's lines (seed 002, "WebSocket API"), as they are printed there. */
const SNIPPET = `const ws = new WebSocket('ws://localhost:8080/api/v1/ws');

ws.on('message', (data) => {
  const event = JSON.parse(data);
  console.log('Event:', event.type, event.data);
});
`;
/** Leads connections to the contract's port to the one that the test has got. */
const toPort = (port: string) =>
  `data:text/javascript,${encodeURIComponent(`
import net from "node:net";
const { connect } = net;
net.connect = (options, ...rest) =>
  connect({ ...options, port: Number(options.port) === 8080 ? ${port} : options.port }, ...rest);
`)}`;

/** Tokens are roles: "viewer", "operator", "admin"; anything else does not count. */
const keeper: Doorkeeper = {
  identify: async ({ headers, token, address }: Credentials): Promise<Caller> => {
    const shown = token ?? headers.authorization?.replace(/^Bearer /, "") ?? null;
    const nobody = { kind: "anonymous" as const, name: "anonymous", role: null, id: `address:${address}` };
    if (shown === null) return { ...nobody, refusal: null };
    if (!["viewer", "operator", "admin"].includes(shown))
      return { ...nobody, refusal: "the token is none of ours" };
    return { kind: "user", name: shown, role: shown as "viewer", refusal: null, id: `user:${shown}` };
  },
};

interface Message {
  readonly type: string;
  readonly id?: string;
  readonly data: Record<string, unknown>;
}

describe("daemon/api: WebSocket", () => {
  let api: ApiServer;
  let events: NodeEventStream;
  let sockets: WebSocket[];
  const open = async (options: ApiFixtureOptions = {}, limits = {}) => {
    sockets = [];
    events = createEvents({ maxClients: 8, maxClientsPerAddress: 8, maxClientsPerCaller: 2, ...limits });
    api = await startTestApi({ events: events.service, keeper, ...options });
  };
  afterEach(async () => {
    for (const ws of sockets) ws.terminate();
    await api.stop();
  });

  /** A client that keeps what it hears. */
  const dial = (query = "", options: ClientOptions = {}) => {
    const ws = new WebSocket(`${api.address.replace("http", "ws")}/api/v1/ws${query}`, options);
    sockets.push(ws);
    const heard: Message[] = [];
    let wake: () => void = () => undefined;
    ws.on("message", (data) => {
      const message = JSON.parse(String(data)) as Message;
      const schema = (EVENT_TYPES as readonly string[]).includes(message.type)
        ? eventSchema
        : serverMessageSchema;
      assert.deepEqual(schema.parse(message), message);
      heard.push(message);
      wake();
    });
    const closed = once(ws, "close").then(([code]) => code as number);
    const next = async (): Promise<Message> => {
      while (heard.length === 0)
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      return heard.shift() as Message;
    };
    const refused = new Promise<{ status: number; error: ErrorBody["error"]; headers: object }>((resolve) => {
      ws.on("error", () => undefined);
      ws.on("unexpected-response", async (_, response) => {
        let body = "";
        for await (const chunk of response) body += chunk;
        const { error } = JSON.parse(body) as ErrorBody;
        resolve({ status: response.statusCode ?? 0, error, headers: response.headers });
      });
    });
    const say = (message: unknown) =>
      ws.send(typeof message === "string" ? message : JSON.stringify(message));
    return { ws, heard, next, closed, refused, say };
  };
  const bearer = (token: string) => ({ headers: { Authorization: `Bearer ${token}` } });
  const tell = (...types: (typeof EVENT_TYPES)[number][]) => {
    for (const type of types) events.hub.publish(exampleEvent(type));
  };

  it("serves the contract's snippet as it is printed", async () => {
    await open();
    const port = new URL(api.address).port;
    const child = spawn(
      process.execPath,
      ["--import", toPort(port), "--input-type=module", "-e", `import WebSocket from 'ws';\n${SNIPPET}`],
      { stdio: ["ignore", "pipe", "pipe"] },
    );
    let printed = "";
    child.stdout.on("data", (chunk) => {
      printed += chunk;
    });
    child.stderr.on("data", (chunk) => {
      printed += chunk;
    });
    try {
      while (events.hub.readers === 0 && child.exitCode === null) await sleep(20);
      tell(...EVENT_TYPES);
      const last = EVENT_TYPES.at(-1) as string;
      while (!printed.includes(`Event: ${last} `) && child.exitCode === null) await sleep(20);
      for (const type of EVENT_TYPES) assert.match(printed, new RegExp(`^Event: ${type} \\{`, "m"));
      assert.match(printed, /Event: node_joined \{\n? *id: '12D3KooWA'/);
    } finally {
      child.kill("SIGKILL");
      await once(child, "exit").catch(() => undefined);
    }
  });

  it("takes a token from the header, the query and the first message", async () => {
    await open({ loopbackEvents: false });
    for (const [query, options] of [
      ["", bearer("viewer")],
      ["?token=operator", {}],
    ] as const) {
      const hello = await dial(query, options).next();
      assert.equal(hello.type, "hello");
      assert.equal(hello.data.role, query === "" ? "viewer" : "operator");
    }
    const client = dial();
    await once(client.ws, "open");
    tell("alert");
    client.say({ type: "auth", token: "admin" });
    const [authenticated, hello] = [await client.next(), await client.next()];
    assert.deepEqual(
      [authenticated.type, authenticated.data],
      ["authenticated", { caller: "admin", role: "admin" }],
    );
    assert.equal(hello.type, "hello");
    tell("node_left");
    assert.equal((await client.next()).type, "node_left", "what was before the token is not told");
  });

  it("answers 401 to a token that does not count, also from loopback", async () => {
    await open();
    for (const [query, options] of [
      ["", bearer("stolen")],
      ["?token=stolen", {}],
    ] as const) {
      const { status, error, headers } = await dial(query, options).refused;
      assert.deepEqual(
        [status, error.name, error.message],
        [401, "UNAUTHENTICATED", "the token is none of ours"],
      );
      assert.equal((headers as Record<string, string>)["www-authenticate"], "Bearer");
    }
  });

  it("lets a program of this machine watch without a token, and nobody who only seems to be one", async () => {
    await open({ cors: { origins: ["https://dashboard.example.org"] }, config: { corsEnabled: true } });
    const local = await dial().next();
    assert.deepEqual([local.type, local.data.role, local.data.caller], ["hello", "viewer", "loopback"]);
    const own = await dial("", { origin: api.address }).next();
    assert.equal(own.type, "hello");
    const seeming: ClientOptions[] = [
      { origin: "https://dashboard.example.org" },
      { headers: { "X-Forwarded-For": "203.0.113.7" } },
      { headers: { Forwarded: "for=203.0.113.7" } },
    ];
    for (const options of seeming) {
      const client = dial("", options);
      await once(client.ws, "open");
      client.say({ type: "resume", after: "000000000000-0" });
      assert.equal((await client.next()).data.name, "UNAUTHENTICATED", JSON.stringify(options));
      tell("alert");
      client.say({ type: "ping", id: "1" });
      assert.equal((await client.next()).type, "pong", "no event came before");
      client.say({ type: "auth", token: "stolen" });
      assert.equal((await client.next()).data.message, "the token is none of ours");
      assert.equal(await client.closed, CLOSE_CODES.UNAUTHENTICATED);
    }
  });

  it("refuses other origins, other hosts, other paths and plain requests", async () => {
    await open();
    const origin = await dial("", { origin: "https://evil.example" }).refused;
    assert.deepEqual([origin.status, origin.error.name], [403, "ORIGIN_REFUSED"]);
    const host = await dial("", { headers: { Host: "evil.example:8080" } }).refused;
    assert.deepEqual([host.status, host.error.name], [421, "HOST_REFUSED"]);
    const path = await dial("/more").refused;
    assert.deepEqual([path.status, path.error.name], [404, "NOT_FOUND"]);
    const query = await dial("?types=alert,loss&after=7").refused;
    assert.equal(query.status, 400);
    assert.match(query.error.message, /query\.after: expected an event's id.*query\.types.*expected any of/);
    const plain = await fetch(`${api.address}/api/v1/ws`, bearer("viewer"));
    assert.deepEqual([plain.status, ((await plain.json()) as ErrorBody).error.code], [426, 1182]);
  });

  it("goes on after the last event of the connection before, and says when some are missing", async () => {
    await open();
    const first = dial();
    await first.next();
    tell("alert", "node_left");
    const { id: alert } = await first.next();
    const { id: last } = await first.next();
    first.ws.close();
    await first.closed;
    tell("model_update");
    const again = dial(`?after=${last}`);
    const hello = await again.next();
    assert.deepEqual([hello.id, hello.data.resumed, hello.data.gap], [last, true, false]);
    assert.equal((await again.next()).type, "model_update");
    again.say({ type: "resume", after: alert });
    const resumed = await again.next();
    assert.deepEqual([resumed.type, resumed.id, resumed.data.gap], ["resumed", alert, false]);
    assert.deepEqual([(await again.next()).type, (await again.next()).type], ["node_left", "model_update"]);
    const stranger = dial("?after=000000000000-9");
    assert.equal((await stranger.next()).data.gap, true);
    assert.equal((await stranger.next()).id, alert, "all that is kept");
  });

  it("sends the types that are asked for, in the query or later", async () => {
    await open();
    const client = dial("?types=alert,model_update");
    assert.deepEqual((await client.next()).data.types, ["alert", "model_update"]);
    tell("node_left", "alert");
    assert.equal((await client.next()).type, "alert");
    client.say({ type: "subscribe", types: ["node_left"] });
    assert.deepEqual((await client.next()).data.types, ["node_left"]);
    tell("alert", "node_left");
    assert.equal((await client.next()).type, "node_left");
    client.say({ type: "subscribe", types: null });
    assert.deepEqual((await client.next()).data.types, [...EVENT_TYPES]);
  });

  it("answers what it cannot read, and closes after too much of it", async () => {
    await open();
    const client = dial();
    await client.next();
    for (const [sent, said] of [
      ["{", /must be JSON/],
      ['{"type":"shout"}', /expected auth, subscribe, resume or ping/],
      ['{"type":"subscribe","types":["loss"]}', /types\.0: expected any of node_joined/],
      ['{"type":"resume","after":"1"}', /after: expected an event's id/],
      ['{"type":"ping","more":1}', /more/],
    ] as const) {
      client.say(sent);
      const { type, data } = await client.next();
      assert.deepEqual([type, data.code], ["error", 1100]);
      assert.match(String(data.message), said);
    }
    for (let i = 0; i < 11; i++) client.say("{");
    assert.equal(await client.closed, CLOSE_CODES.POLICY);
    const binary = dial();
    await binary.next();
    binary.ws.send(Buffer.from("{}"));
    assert.equal(await binary.closed, CLOSE_CODES.POLICY);
    const large = dial();
    await large.next();
    large.say(`"${"x".repeat(17 * 1024)}"`);
    assert.equal(await large.closed, 1009);
    const chatty = dial();
    await chatty.next();
    for (let i = 0; i < 121; i++) chatty.say({ type: "ping" });
    assert.equal(await chatty.closed, CLOSE_CODES.POLICY);
    assert.equal(chatty.heard.at(-1)?.data.name, "RATE_LIMITED");
  });

  it("answers WebSocket pings too", async () => {
    await open();
    const client = dial();
    await client.next();
    client.ws.ping("here");
    const [data] = await once(client.ws, "pong");
    assert.equal(String(data), "here");
  });

  it("tells a client that does not read that it is too slow, and drops it, and no other", async () => {
    await open();
    const [slow, quick] = [dial(), dial()];
    await Promise.all([slow.next(), quick.next()]);
    slow.ws.pause();
    let heard = 0;
    quick.ws.on("message", () => {
      heard += 1;
    });
    let sent = 0;
    while (events.hub.readers === 2) {
      events.hub.publish(largeEvent(60_000));
      sent += 1;
      while (heard < sent) await sleep(1);
    }
    assert.equal(quick.ws.readyState, WebSocket.OPEN);
    slow.ws.resume();
    assert.equal(await slow.closed, CLOSE_CODES.TRY_AGAIN_LATER);
    const last = slow.heard.at(-1);
    assert.deepEqual([last?.type, last?.data.code, last?.data.name], ["error", 1180, "SLOW_CONSUMER"]);
    assert.ok(slow.heard.length < sent);
  });

  it("bounds the connections in all, of an address and of a user", async () => {
    await open({}, { maxClients: 4, maxClientsPerAddress: 4, maxClientsPerCaller: 2 });
    const mine = [dial("", bearer("viewer")), dial("", bearer("viewer"))];
    for (const client of mine) await client.next();
    const third = dial("", bearer("viewer"));
    assert.equal((await third.next()).data.name, "TOO_MANY_STREAMS");
    assert.equal(await third.closed, CLOSE_CODES.TOO_MANY);
    await dial("", bearer("admin")).next();
    await dial().next();
    const fifth = await dial().refused;
    assert.deepEqual([fifth.status, fifth.error.code], [429, 1181]);
    mine[0]?.ws.close();
    await mine[0]?.closed;
    while (events.seats.taken === 4) await sleep(5);
    assert.equal((await dial("", bearer("viewer")).next()).type, "hello");
  });

  it("counts the attempts to connect like requests", async () => {
    await open({ config: { rateLimit: 2 } });
    await dial().next();
    await dial().next();
    const { status, headers } = await dial().refused;
    assert.equal(status, 429);
    assert.ok(Number((headers as Record<string, string>)["retry-after"]) > 0);
  });

  it("closes with 1001 when the node stops", async () => {
    await open();
    const client = dial();
    await client.next();
    tell("alert");
    await api.stop();
    assert.equal(await client.closed, 1001);
    assert.equal(client.heard.at(-1)?.type, "alert");
  });
});
