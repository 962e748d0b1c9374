import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { createEvents, EVENT_TYPES, type EventType, type NodeEventStream } from "../events/index.js";
import { exampleEvent, largeEvent } from "../events/testing/examples.js";
import type { ErrorBody } from "../services/errors.js";
import type { Doorkeeper } from "./caller.js";
import type { ApiServer } from "./index.js";
import { type ApiFixtureOptions, startTestApi } from "./testing/api.js";

interface SseEvent {
  readonly id: string;
  readonly event: string;
  readonly data: Record<string, unknown>;
}

describe("daemon/api: Server-Sent Events", () => {
  let api: ApiServer;
  let events: NodeEventStream;
  let aborts: AbortController[];
  const start = async (options: ApiFixtureOptions = {}, limits = {}) => {
    aborts = [];
    events = createEvents({ maxClients: 8, maxClientsPerAddress: 8, maxClientsPerCaller: 8, ...limits });
    api = await startTestApi({ events: events.service, ...options });
  };
  afterEach(async () => {
    for (const abort of aborts) abort.abort();
    await api.stop();
  });
  const ask = (query = "", headers: Record<string, string> = {}) => {
    const abort = new AbortController();
    aborts.push(abort);
    return fetch(`${api.address}/api/v1/events${query}`, { headers, signal: abort.signal });
  };
  const listen = async (query = "", headers: Record<string, string> = {}) => {
    const response = await ask(query, headers);
    assert.equal(response.status, 200);
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    const decoder = new TextDecoder();
    let text = "";
    /** Null: the stream has ended. */
    const next = async (): Promise<SseEvent | null> => {
      let end = text.indexOf("\n\n");
      while (end < 0) {
        const { value, done } = await reader.read();
        if (done) return null;
        text += decoder.decode(value, { stream: true });
        end = text.indexOf("\n\n");
      }
      const fields = Object.fromEntries(
        text
          .slice(0, end)
          .split("\n")
          .map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)]),
      );
      text = text.slice(end + 2);
      const { id = "", event = "", data = "null" } = fields;
      return { id, event, data: JSON.parse(data) as Record<string, unknown> };
    };
    return { response, next };
  };
  const tell = (...types: EventType[]) => {
    for (const type of types) events.hub.publish(exampleEvent(type));
  };

  it("streams the same events as the WebSocket, for curl", async () => {
    await start();
    const { response, next } = await listen();
    assert.match(response.headers.get("content-type") ?? "", /^text\/event-stream/);
    assert.equal(response.headers.get("cache-control"), "no-store");
    const hello = await next();
    assert.deepEqual([hello?.event, hello?.data.type], ["hello", "hello"]);
    tell(...EVENT_TYPES);
    for (const type of EVENT_TYPES) {
      const event = await next();
      assert.deepEqual([event?.event, event?.data.type, event?.data.id], [type, type, event?.id]);
      assert.deepEqual(event?.data.data, JSON.parse(JSON.stringify(exampleEvent(type).data)));
    }
  });

  it("sends only the types asked for, and goes on after an id", async () => {
    await start();
    const first = await listen("?types=alert");
    const hello = await first.next();
    tell("node_left", "alert", "alert");
    const alert = await first.next();
    assert.equal(alert?.event, "alert");
    for (const [query, headers] of [
      [`?after=${alert?.id}`, {}],
      [`?after=${hello?.id}`, { "Last-Event-ID": String(alert?.id) }],
    ] as const) {
      const again = await listen(query, headers);
      const greeting = (await again.next())?.data.data as { resumed: boolean; gap: boolean } | undefined;
      assert.deepEqual([greeting?.resumed, greeting?.gap], [true, false]);
      const last = await again.next();
      assert.deepEqual([last?.event, last?.id !== alert?.id], ["alert", true]);
    }
    const gap = await listen("", { "Last-Event-ID": "000000000000-1" });
    const greeting = (await gap.next())?.data.data as { gap: boolean } | undefined;
    assert.equal(greeting?.gap, true);
  });

  it("refuses what it cannot read", async () => {
    await start();
    for (const [query, headers] of [
      ["?types=loss", {}],
      ["?after=1", {}],
      ["?type=alert", {}],
      ["", { "Last-Event-ID": "one" }],
    ] as const)
      assert.equal((await ask(query, headers)).status, 400, query);
    assert.equal(events.seats.taken, 0);
  });

  it("asks for a token, also from loopback", async () => {
    const keeper: Doorkeeper = {
      identify: async () => ({ kind: "anonymous", name: "anonymous", role: null, refusal: null, id: "a" }),
    };
    await start({ keeper });
    const response = await ask();
    assert.deepEqual(
      [response.status, ((await response.json()) as ErrorBody).error.name],
      [401, "UNAUTHENTICATED"],
    );
  });

  it("shares the bound on listeners, and frees the place of who leaves", async () => {
    await start({}, { maxClients: 1 });
    const { next } = await listen();
    await next();
    const second = await ask();
    assert.deepEqual([second.status, ((await second.json()) as ErrorBody).error.code], [429, 1181]);
    aborts[0]?.abort();
    while (events.seats.taken > 0) await sleep(5);
    await (await listen()).next();
    assert.equal(events.hub.readers, 1);
  });

  it("leaves no listener behind for a HEAD", async () => {
    await start();
    const response = await fetch(`${api.address}/api/v1/events`, { method: "HEAD" });
    assert.equal(response.status, 200);
    while (events.seats.taken > 0) await sleep(5);
    assert.equal(events.hub.readers, 0);
  });

  it("tells who does not read that it is too slow, and ends", async () => {
    await start();
    const { next } = await listen();
    await next();
    while (events.hub.readers > 0) {
      events.hub.publish(largeEvent(60_000));
      await sleep(1);
    }
    let last: SseEvent | null = null;
    for (let event = await next(); event !== null; event = await next()) last = event;
    assert.deepEqual([last?.event, last?.data.code], ["error", 1180]);
  });

  it("ends in order when the node stops", async () => {
    await start();
    const { next } = await listen();
    await next();
    tell("alert");
    const stopped = api.stop();
    assert.equal((await next())?.event, "alert");
    assert.equal(await next(), null);
    await stopped;
  });
});
