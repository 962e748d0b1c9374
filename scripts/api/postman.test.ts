import assert from "node:assert/strict";
import { runInNewContext } from "node:vm";
import type { ApiServer } from "../../daemon/api/index.js";
import { startTestApi } from "../../daemon/api/testing/api.js";
import { controlApi } from "./document.js";
import { postmanCollection, postmanEnvironment } from "./postman.js";

interface Item {
  readonly name: string;
  readonly event: readonly { readonly script: { readonly exec: readonly string[] } }[];
  readonly request: {
    readonly method: string;
    readonly url: { readonly raw: string; readonly variable?: { key: string }[] };
  };
}

const document = controlApi();
const collection = postmanCollection(document) as {
  item: readonly { name: string; item: readonly Item[] }[];
};
const items = collection.item.flatMap((folder) => folder.item);

/** What Postman gives a script, as far as ours use it. @returns the names of the tests that failed, and what was kept */
function runScript(item: Item, status: number, headers: Headers, body: string) {
  const failed: string[] = [];
  const passed: string[] = [];
  const kept = new Map<string, unknown>();
  const check = (holds: boolean) => {
    if (!holds) throw new Error("does not hold");
  };
  const expect = (value: unknown) => ({
    to: {
      include: (part: unknown) => check((value as unknown[]).includes(part)),
      equal: (other: unknown) => check(value === other),
      be: { a: (type: string) => check(typeof value === type) },
      have: { property: (name: string) => check(Object.hasOwn(value as object, name)) },
    },
  });
  const pm = {
    expect,
    environment: kept,
    response: { code: status, headers, json: () => JSON.parse(body) as unknown },
    test: (name: string, test: () => void) => {
      try {
        test();
        passed.push(name);
      } catch {
        failed.push(name);
      }
    },
  };
  runInNewContext(item.event[0]!.script.exec.join("\n"), { pm });
  return { passed, failed, kept };
}

const named = (path: string) => items.find((i) => i.request.url.raw === `{{base_url}}${path}`)!;

describe("scripts/api: Postman collection", () => {
  let api: ApiServer;
  before(async () => {
    api = await startTestApi();
  });
  after(() => api.stop());

  it("has a request for every operation", () => {
    const operations = Object.values(document.paths).flatMap((item) => Object.values(item));
    assert.equal(items.length, operations.length);
  });

  it("names every value of a path", () => {
    for (const { request } of items) {
      const inPath = [...request.url.raw.matchAll(/:(\w+)/g)].map((m) => m[1]);
      assert.deepEqual(
        (request.url.variable ?? []).map((v) => v.key),
        inPath,
        request.url.raw,
      );
    }
  });

  it("has only variables that its environment has", () => {
    const { values } = postmanEnvironment(document) as { values: { key: string }[] };
    const known = new Set(values.map((v) => v.key));
    const used = [...JSON.stringify(collection).matchAll(/\{\{(\w+)\}\}/g)].map((m) => m[1] as string);
    assert.deepEqual(
      used.filter((name) => !known.has(name)),
      [],
    );
  });

  for (const path of ["/health", "/api/v1/nodes", "/api/v1/training/status", "/metrics", "/api/v1/docs"]) {
    it(`passes its own tests on GET ${path}`, async () => {
      const response = await fetch(api.address + path);
      const { passed, failed } = runScript(
        named(path),
        response.status,
        response.headers,
        await response.text(),
      );
      assert.deepEqual(failed, []);
      assert.ok(passed.length >= 2);
    });
  }

  it("fails its tests on what the contract does not have", () => {
    const headers = new Headers({ "X-Request-Id": "1" });
    assert.deepEqual(runScript(named("/api/v1/nodes"), 200, headers, `{"nodes":[]}`).failed, [
      "the answer has its fields",
    ]);
    assert.deepEqual(
      runScript(named("/api/v1/nodes"), 418, headers, `{"error":{"code":1,"name":"TEAPOT"}}`).failed,
      ["the status is declared", "an error has its code and name"],
    );
  });
});
