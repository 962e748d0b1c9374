import assert from "node:assert/strict";
import { Registry } from "prom-client";
import type { z } from "zod";
import { isMedia } from "./route.js";
import { swarmSurface } from "./swarm/index.js";

const routes = swarmSurface(new Registry()).routes;
const fits = (schema: z.ZodType | null, value: unknown, what: string) => {
  const fault = schema === null ? null : (schema.safeParse(value).error ?? null);
  assert.equal(fault, null, `${what}: ${fault?.message}`);
};

describe("daemon/api: declarations", () => {
  it("have each an id and a path of their own", () => {
    for (const key of [routes.map((r) => r.id), routes.map((r) => `${r.method} ${r.path}`)])
      assert.deepEqual([...new Set(key)], key);
  });

  it("declare every value of their path, and no other", () => {
    for (const { id, path, params } of routes) {
      const inPath = [...path.matchAll(/:(\w+)/g)].map((m) => m[1]);
      assert.deepEqual(Object.keys(params?.shape ?? {}), inPath, id);
    }
  });

  it("are public only where nothing but health and the way in is told", () => {
    const open = routes.filter((r) => r.role === "public").map((r) => r.id);
    assert.deepEqual(
      open.filter((id) => !/^(health|auth|docs)\./.test(id)),
      [],
    );
  });

  it("show examples that they would take and give", () => {
    for (const { id, example, params, query, body, answers } of routes) {
      if (params !== null) fits(params, example.params, `${id} params`);
      fits(query, example.query ?? {}, `${id} query`);
      if (example.body !== undefined) fits(body, example.body, `${id} body`);
      const first = Object.values(answers)[0];
      if (example.answer === undefined || first === undefined || typeof first === "string" || isMedia(first))
        continue;
      fits(first, example.answer, `${id} answer`);
    }
  });
});
