import assert from "node:assert/strict";
import { Registry } from "prom-client";
import type { z } from "zod";
import { answerFault } from "./check_answer.js";
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

  it("have an example of every body, path value and JSON answer", () => {
    for (const { id, example, params, body, answers } of routes) {
      for (const name of Object.keys(params?.shape ?? {}))
        assert.equal(typeof example.params?.[name], "string", `${id}: no example of ${name}`);
      if (body !== null) assert.notEqual(example.body, undefined, `${id}: no example of its body`);
      const first = Object.values(answers)[0];
      if (first !== undefined && typeof first !== "string" && !isMedia(first))
        assert.notEqual(example.answer, undefined, `${id}: no example of its answer`);
    }
  });

  it("show answers with every field that they declare, and with no other", () => {
    for (const { id, example, answers } of routes) {
      const [status, first] = Object.entries(answers)[0] ?? [];
      if (status === undefined || first === undefined || typeof first === "string" || isMedia(first))
        continue;
      const shown = { kind: "json", status: Number(status), body: example.answer } as const;
      assert.equal(answerFault({ answers }, shown), null, id);
    }
  });

  it("link to routes that take what is linked", () => {
    const linked = routes.filter((r) => r.links.length > 0);
    for (const group of ["nodes", "training", "models", "auth", "settings"])
      assert.ok(
        linked.some((r) => r.id.startsWith(`${group}.`)),
        group,
      );
    for (const { id, links, example } of linked) {
      assert.equal(new Set(links.map(({ to }) => to)).size, links.length, `${id}: two links to one route`);
      for (const { to, from, into } of links) {
        const what = `${id} ${from} -> ${to} ${into}`;
        const value = from
          .slice(1)
          .split("/")
          .reduce<unknown>((at, step) => (at as Record<string, unknown> | undefined)?.[step], example.answer);
        assert.equal(typeof value, "string", `${what}: not in the example`);
        const other = routes.find((r) => r.id === to);
        assert.ok(other, what);
        const [where, name] = into.split(".") as ["path" | "query" | "body", string];
        const taken = {
          path: [other.params, other.example.params],
          query: [other.query, other.example.query],
          body: [other.body, other.example.body],
        } as const;
        const [schema, before = {}] = taken[where];
        assert.ok(schema, what);
        // Every schema here is strict: a name that it does not have is refused.
        fits(schema, { ...(before as object), [name]: value }, what);
      }
    }
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
