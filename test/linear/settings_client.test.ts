import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Operation } from "./history.js";
import { SettingsClient } from "./settings_client.js";

const GET: Operation = { op: "get", key: "user.a" };
const SET: Operation = { op: "set", key: "user.a", value: "v", expect: null };
const DELETE: Operation = { op: "delete", key: "user.a", expect: 7 };

describe("test/linear: what is certain about how an operation ended", () => {
  let server: Server;
  let client: SettingsClient;
  let asked: string[];
  let answer: (response: ServerResponse) => void;

  beforeEach(async () => {
    asked = [];
    server = createServer((request, response) => {
      if (request.url === "/health/live") return response.end("{}");
      const { "if-match": match, "if-none-match": none } = request.headers;
      asked.push(`${request.method} ${request.url} ${match ?? none ?? ""}`.trim());
      answer(response);
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    client = new SettingsClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, 300);
  });
  afterEach(() => {
    client.close();
    server.close();
    server.closeAllConnections();
  });

  const says = (status: number, body: object) => {
    answer = (response) => response.writeHead(status).end(JSON.stringify(body));
  };
  const refuses = (status: number, name: string, details: object) =>
    says(status, { error: { code: 1, name, message: "why", details } });
  const ended = async (operation: Operation) => {
    const outcome = await client.run(operation);
    return outcome.event === "ok" ? outcome.result : outcome.event;
  };

  it("sends the conditions as the API has them", async () => {
    says(200, { value: "v", revision: 3 });
    for (const operation of [GET, SET, { ...SET, expect: 0 }, { ...SET, expect: 3 }, DELETE])
      await client.run(operation);
    const path = "/api/v1/settings/user.a";
    assert.deepEqual(asked, [
      `GET ${path}?consistency=linearizable`,
      `PUT ${path}`,
      `PUT ${path} *`,
      `PUT ${path} "3"`,
      `DELETE ${path} "7"`,
    ]);
  });

  it("takes answers for what was observed", async () => {
    says(200, { value: "v", revision: 3 });
    assert.deepEqual(await ended(GET), { kind: "value", value: "v", revision: 3 });
    assert.deepEqual(await ended(SET), { kind: "written", revision: 3 });
    refuses(404, "SETTING_NOT_FOUND", { revision: 9 });
    assert.deepEqual(await ended(GET), { kind: "absent" });
    refuses(409, "SETTING_CONFLICT", { committed: "no", revision: 4 });
    assert.deepEqual(await ended(DELETE), { kind: "conflict", revision: 4 });
  });

  it("believes that nothing was changed only when the answer says so", async () => {
    refuses(503, "NETWORK_PARTITION", { committed: "no" });
    assert.equal(await ended(SET), "fail");
    refuses(503, "CONSENSUS_FAILED", { committed: "unknown" });
    assert.equal(await ended(SET), "unknown");
    assert.equal(await ended(GET), "fail", "a read changes nothing");
    assert.equal(client.broken, null);
    refuses(500, "INTERNAL", {});
    assert.equal(await ended(SET), "unknown");
    assert.match(client.broken ?? "", /does not say whether/);
  });

  it("knows nothing of a write without an answer, and does not send it twice", async () => {
    for (const lose of [(response: ServerResponse) => response.destroy(), () => undefined]) {
      asked = [];
      answer = lose;
      assert.equal(await ended(SET), "unknown");
      assert.equal(await ended(GET), "fail");
      assert.equal(asked.length, 2);
    }
  });

  it("sends no write to a node that is down, and is certain then", async () => {
    server.close();
    server.closeAllConnections();
    assert.equal(await ended(SET), "fail");
    assert.deepEqual(asked, []);
  });
});
