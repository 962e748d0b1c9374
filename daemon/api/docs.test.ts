import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { Registry } from "prom-client";
import { ALERTS, EVENT_SCHEMAS, EVENT_TYPES, type EventType } from "../events/index.js";
import { SERVICE_ERRORS } from "../services/errors.js";
import { swarmSurface } from "./swarm/index.js";

/** docs/API.md, from wherever this file was compiled to. */
function reference(): string {
  let folder = new URL(".", import.meta.url);
  while (!existsSync(new URL("docs/API.md", folder))) {
    const above = new URL("..", folder);
    if (above.href === folder.href) throw new Error("no docs/API.md above this test");
    folder = above;
  }
  return readFileSync(new URL("docs/API.md", folder), "utf8");
}

describe("docs/API.md", () => {
  const text = reference();

  it("has a section for every route, and for none that is not served", () => {
    const documented = [...text.matchAll(/^### `([A-Z]+) ([^`?]+)[^`]*`$/gm)].map((m) => `${m[1]} ${m[2]}`);
    const served = swarmSurface(new Registry()).routes.map(
      (r) => `${r.method} ${r.path.replace(/:(\w+)/g, "{$1}")}`,
    );
    assert.deepEqual(documented.sort(), served.sort());
  });

  it("lists every error with its code and status", () => {
    const documented = [...text.matchAll(/^\| (\d+) \| `(\w+)` \| (\d+) \|/gm)].map((m) => [
      m[2],
      m[1],
      m[3],
    ]);
    const known = Object.entries(SERVICE_ERRORS).map(([name, e]) => [
      name,
      String(e.code),
      String(e.httpStatus),
    ]);
    assert.deepEqual(documented.sort(), known.sort());
  });

  it("shows only JSON that is JSON", () => {
    const blocks = [...text.matchAll(/```json\n([\s\S]*?)```/g)].map((m) => m[1] as string);
    assert.ok(blocks.length >= 10);
    for (const block of blocks) JSON.parse(block);
  });

  it("shows every type of event with data as its schema has it, and every alert", () => {
    const shown = [...text.matchAll(/^#### `(\w+)`\n[\s\S]*?```json\n([\s\S]*?)```/gm)];
    assert.deepEqual(
      shown.map(([, type]) => type),
      EVENT_TYPES,
    );
    for (const [, type, json] of shown) {
      const data = JSON.parse(json as string) as unknown;
      assert.deepEqual(EVENT_SCHEMAS[type as EventType].parse(data), data, type);
    }
    const alerts = [...text.matchAll(/^\| `([A-Z_]+)` \| (info|warning|critical) \|/gm)];
    assert.deepEqual(Object.fromEntries(alerts.map(([, code, severity]) => [code, severity])), { ...ALERTS });
  });
});
