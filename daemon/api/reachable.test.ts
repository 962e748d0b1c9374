import assert from "node:assert/strict";
import { request } from "node:http";
import type Router from "@koa/router";
import { Registry } from "prom-client";
import { openDoor, ROLES } from "./caller.js";
import { dispatch } from "./dispatch.js";
import type { ApiServer } from "./index.js";
import { RateLimits } from "./rates.js";
import { swarmSurface } from "./swarm/index.js";
import { startTestApi } from "./testing/api.js";

const { routes } = swarmSurface(new Registry());

/** What the router would really take, from its own list. */
function registered(): string[] {
  const [, middleware] = dispatch({
    routes,
    services: {} as never,
    keeper: openDoor,
    rates: new RateLimits({ perAddress: 0, perCaller: 0 }),
    audit: null,
    strictAnswers: true,
  }) as unknown as [unknown, { readonly router: Router }];
  return middleware.router.stack.flatMap(({ path, methods }) =>
    methods.filter((method) => method !== "HEAD").map((method) => `${method} ${String(path)}`),
  );
}

/** @returns the status that a request for an upgrade of `path` is answered with */
function upgradeStatus(api: ApiServer, path: string): Promise<number | undefined> {
  const headers = {
    Connection: "Upgrade",
    Upgrade: "websocket",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version": "13",
  };
  return new Promise((resolve, reject) => {
    const asked = request(api.address + path, { headers });
    asked.once("upgrade", (response, socket) => {
      socket.destroy();
      resolve(response.statusCode);
    });
    asked.once("response", (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    asked.once("error", reject);
    asked.end();
  });
}

describe("daemon/api: what can be reached", () => {
  let api: ApiServer;
  before(async () => {
    api = await startTestApi();
  });
  after(() => api.stop());

  it("is exactly what is declared", () => {
    assert.deepEqual(registered().sort(), routes.map((r) => `${r.method} ${r.path}`).sort());
  });

  it("has a role, each", () => {
    for (const { id, role } of routes) assert.ok(["public", ...ROLES].includes(role), id);
  });

  it("is upgraded to a WebSocket only where that is declared", async () => {
    const declared = routes.filter((r) => r.answers[101] !== undefined).map((r) => r.path);
    for (const path of ["/", "/ws", "/api/v1/wss", "/api/v1/nodes", "/health"])
      if (!declared.includes(path)) assert.notEqual(await upgradeStatus(api, path), 101, path);
    assert.equal(await upgradeStatus(api, "/api/v1/wss"), 404);
  });
});
