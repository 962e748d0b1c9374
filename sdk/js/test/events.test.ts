import assert from "node:assert/strict";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import WebSocketClient, { type WebSocket, WebSocketServer } from "ws";
import { messageOf, streamUrl } from "../src/event_protocol.js";
import { type SocketConstructor, SwarmApiError, SwarmClient, SwarmConnectionError } from "../src/index.js";
import { socketConstructor } from "../src/socket.js";
import { fakeFetch, jsonResponse } from "./testing/fake_fetch.js";

const event = (seq: number, type = "training_progress", data: object = { session_id: "s", epoch: seq }) =>
  JSON.stringify({ id: `e-${seq}`, type, at: "2026-01-01T00:00:00.000Z", data });
const hello = (seq: number, gap = false) =>
  JSON.stringify({ type: "hello", id: `e-${seq}`, at: "", data: { gap } });

describe("sdk/js: events", () => {
  let server: WebSocketServer;
  let baseUrl: string;
  /** What each connection is to do, in order, and what it asked for. */
  let script: ((socket: WebSocket) => void)[];
  let urls: string[];
  beforeEach(async () => {
    script = [];
    urls = [];
    server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
    server.on("connection", (socket, request) => {
      urls.push(request.url ?? "");
      const act = script.shift();
      if (act === undefined) socket.close(1011);
      else act(socket);
    });
    await once(server, "listening");
    baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(() => {
    for (const socket of server.clients) socket.terminate();
    server.close();
  });

  const clientOf = (options: Partial<ConstructorParameters<typeof SwarmClient>[0]> = {}) =>
    new SwarmClient({
      baseUrl,
      WebSocket: WebSocketClient as unknown as SocketConstructor,
      streamRetries: 2,
      random: () => 0,
      ...options,
    });

  async function ids(stream: AsyncIterable<{ id: string }>, count: number): Promise<string[]> {
    const seen: string[] = [];
    for await (const { id } of stream) {
      seen.push(id);
      if (seen.length >= count) break;
    }
    return seen;
  }

  it("go on behind the last one when a connection breaks, and tell of a gap", async () => {
    script = [
      (socket) => {
        for (const text of [hello(0), event(1), "no JSON", `{"type":"later"}`, event(2)]) socket.send(text);
        socket.close(1001);
      },
      (socket) => {
        for (const text of [hello(2, true), event(3)]) socket.send(text);
      },
    ];
    let gaps = 0;
    const stream = clientOf().events.subscribe({ types: ["training_progress"], onGap: () => (gaps += 1) });
    assert.deepEqual(await ids(stream, 3), ["e-1", "e-2", "e-3"]);
    assert.deepEqual(urls, [
      "/api/v1/ws?types=training_progress",
      "/api/v1/ws?types=training_progress&after=e-2",
    ]);
    assert.equal(gaps, 1);
  });

  it("go on behind the beginning, where nothing happened before a connection broke", async () => {
    script = [
      (socket) => {
        socket.send(hello(7));
        socket.close(1001);
      },
      (socket) => socket.send(event(8)),
    ];
    assert.deepEqual(await ids(clientOf().events.subscribe(), 1), ["e-8"]);
    assert.deepEqual(urls, ["/api/v1/ws", "/api/v1/ws?after=e-7"]);
  });

  it("say who asks with the first message, never in the address", async () => {
    let first = "";
    script = [
      (socket) =>
        socket.once("message", (text) => {
          first = String(text);
          socket.send(event(1));
        }),
    ];
    await ids(clientOf({ authToken: "secret" }).events.subscribe(), 1);
    assert.deepEqual(JSON.parse(first), { type: "auth", token: "secret" });
    assert.doesNotMatch(urls.join(), /secret/);
  });

  it("end with the node's refusal", async () => {
    script = [
      (socket) => {
        const data = { name: "UNAUTHENTICATED", code: 1109, message: "expired", details: {} };
        socket.send(JSON.stringify({ type: "error", at: "", data }));
        socket.close(4401);
      },
    ];
    await assert.rejects(ids(clientOf({ authToken: "old" }).events.subscribe(), 1), (error: unknown) => {
      assert.ok(error instanceof SwarmApiError);
      assert.deepEqual([error.name, error.message], ["UNAUTHENTICATED", "expired"]);
      return true;
    });
    assert.equal(urls.length, 1);
  });

  it("end with an error once the node stays away, and with the caller's signal", async () => {
    await assert.rejects(ids(clientOf().events.subscribe(), 1), SwarmConnectionError);
    assert.equal(urls.length, 3);
    const caller = new AbortController();
    script = [(socket) => socket.send(event(1))];
    const stream = clientOf().events.subscribe({ signal: caller.signal });
    await stream.next();
    caller.abort(new Error("enough"));
    await assert.rejects(stream.next(), /enough/);
  });

  it("lose nothing when they come faster than they are taken", async () => {
    const all = 3000;
    const serve = (socket: WebSocket, from: number) => {
      for (let seq = from + 1; seq <= all; seq += 1) socket.send(event(seq));
    };
    const resumed = (socket: WebSocket) => serve(socket, Number(urls.at(-1)?.split("e-")[1] ?? 0));
    script = Array.from({ length: 5 }, () => resumed);
    const seen = await ids(clientOf({ streamRetries: 5 }).events.subscribe(), all);
    assert.deepEqual(
      seen,
      Array.from({ length: all }, (_, i) => `e-${i + 1}`),
    );
  });

  it("are the progress of a session, until it ends", async () => {
    const progress = (epoch: number, session_id = "s") =>
      event(epoch, "training_progress", { session_id, status: "running", epoch });
    script = [
      (socket) => {
        const ended = event(4, "session_state", { session_id: "s", status: "stopped" });
        for (const text of [progress(1), progress(2, "another"), progress(3), ended]) socket.send(text);
      },
    ];
    const status = (now: string, epoch: number, session_id: string | null = "s") =>
      jsonResponse({ session_id, status: now, progress: { epoch }, samples_per_second: null, nodes: [] });
    const { fetch } = fakeFetch(
      status("running", 0),
      status("stopped", 3),
      status("stopped", 3),
      status("idle", 0, null),
    );
    const client = clientOf({ fetch });
    const told = async () => {
      const all: unknown[] = [];
      for await (const { epoch, status } of client.training.streamProgress()) all.push([epoch, status]);
      return all;
    };
    assert.deepEqual(await told(), [
      [0, "running"],
      [1, "running"],
      [3, "running"],
      [3, "stopped"],
    ]);
    assert.deepEqual(await told(), [[3, "stopped"]]);
    assert.deepEqual(await told(), []);
  });

  it("need a WebSocket, and say what to do where there is none", () => {
    const platform = globalThis as { WebSocket?: unknown };
    const own = platform.WebSocket;
    platform.WebSocket = undefined;
    try {
      assert.throws(() => socketConstructor(undefined), /option `WebSocket`/);
    } finally {
      platform.WebSocket = own;
    }
  });

  it("have addresses of their own, and pass over what is not understood", () => {
    assert.equal(
      streamUrl("https://h:1/base", ["alert", "node_left"], "a-1"),
      "wss://h:1/base/api/v1/ws?types=alert%2Cnode_left&after=a-1",
    );
    for (const text of [
      "",
      "[]",
      "1",
      "null",
      `{"type":"alert"}`,
      `{"type":"unknown","id":"1","at":"","data":{}}`,
    ])
      assert.deepEqual(messageOf(text), { kind: "other" });
  });
});
