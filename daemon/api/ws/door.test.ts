import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type ClientOptions, WebSocket } from "ws";
import { createEvents, type NodeEventStream } from "../../events/index.js";
import { openDoor } from "../caller.js";
import { requireOwnHost } from "../guards.js";
import { isLocalHostHeader } from "../hosts.js";
import { RateLimits } from "../rates.js";
import { WsDoor } from "./door.js";
import { CLOSE_CODES } from "./messages.js";

describe("daemon/api: who is still at the WebSocket door", () => {
  let server: Server;
  let door: WsDoor;
  let events: NodeEventStream;
  let isRevoked: boolean;
  let sockets: WebSocket[];
  beforeEach(async () => {
    isRevoked = false;
    sockets = [];
    events = createEvents({ maxClients: 4, maxClientsPerAddress: 4, maxClientsPerCaller: 4 });
    server = createServer();
    door = new WsDoor({
      events: events.service,
      keeper: {
        identify: async (credentials) => {
          const nobody = await openDoor.identify(credentials);
          if (isRevoked) return { ...nobody, role: null, refusal: "the token was revoked" };
          return { ...nobody, kind: "user", name: "ada", id: "user:ada" };
        },
      },
      rates: new RateLimits({ perAddress: 0, perCaller: 1 }),
      cors: null,
      loopbackEvents: false,
      addressOf: () => "127.0.0.1",
      checkHost: (header) => requireOwnHost(isLocalHostHeader, header),
      logger: { error: (facts) => assert.fail(JSON.stringify(facts)) },
    });
    server.on("upgrade", (request, socket, head) => void door.upgrade(request, socket, head));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  });
  afterEach(async () => {
    for (const ws of sockets) ws.terminate();
    door.stop();
    events.hub.stop();
    await new Promise((resolve) => server.close(resolve));
  });
  const dial = async (options: ClientOptions = {}) => {
    const { port } = server.address() as AddressInfo;
    const ws = new WebSocket(`ws://127.0.0.1:${port}/api/v1/ws`, options);
    sockets.push(ws);
    const closed = once(ws, "close").then(([code]) => code as number);
    await once(ws, "message");
    return { ws, closed };
  };

  it("one that answers pings stays, one that does not is gone by the next", async () => {
    const [there, silent] = [await dial(), await dial({ autoPong: false })];
    const pinged = Promise.all([once(there.ws, "ping"), once(silent.ws, "ping")]);
    await door.beatAll();
    await pinged;
    // Sent after the pong: once it is answered, the pong has arrived.
    const answered = once(there.ws, "message");
    there.ws.send('{"type":"ping"}');
    await answered;
    await door.beatAll();
    assert.equal(await silent.closed, 1006);
    assert.equal(there.ws.readyState, WebSocket.OPEN);
    while (events.seats.taken > 1) await new Promise(setImmediate);
    assert.equal(events.hub.readers, 1);
  });

  it("one whose token was revoked is told so and closed", async () => {
    const { ws, closed } = await dial();
    const told = once(ws, "message");
    isRevoked = true;
    await door.beatAll();
    const { data } = JSON.parse(String((await told)[0])) as { data: { name: string; message: string } };
    assert.deepEqual([data.name, data.message], ["UNAUTHENTICATED", "the token was revoked"]);
    assert.equal(await closed, CLOSE_CODES.UNAUTHENTICATED);
    assert.equal(events.hub.readers, 0);
  });
});
