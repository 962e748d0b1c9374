import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import WebSocket from "ws";
import { parse } from "yaml";
import { ADMIN, type AskedSwarm, startAskedSwarm } from "../../../scripts/lib/asked_swarm.js";
import { repositoryRoot } from "../../../scripts/lib/repository_root.js";
import { type SocketConstructor, SwarmClient } from "../src/index.js";
import { sharedCases } from "./case_file.js";
import { CaseRunner } from "./run_case.js";

const { cases, not_called: notCalled } = sharedCases();

/** Ids of all operations of the contract. */
function operations(): string[] {
  const text = readFileSync(join(repositoryRoot(), "docs/openapi.yaml"), "utf8");
  const { paths } = parse(text) as { paths: Record<string, Record<string, { operationId?: string }>> };
  return Object.values(paths).flatMap((path) => Object.values(path).flatMap((o) => o.operationId ?? []));
}

describe("sdk/js: the shared cases", () => {
  it("call every operation, except for a reason", () => {
    const ids = operations();
    const called = new Set(cases.map(({ method }) => method));
    assert.ok(ids.length > 40, `only ${ids.length} operations`);
    assert.deepEqual(
      ids.filter((id) => !called.has(id) && !Object.hasOwn(notCalled, id)),
      [],
    );
    assert.deepEqual(
      Object.keys(notCalled).filter((id) => called.has(id) || !ids.includes(id)),
      [],
    );
  });
});

describe("sdk/js: the shared cases, against a real node that asks for tokens", function () {
  this.timeout(120_000);
  const saved = new Map<string, unknown>();
  let asked: AskedSwarm;
  const runner = new CaseRunner(
    saved,
    (token) =>
      new SwarmClient({
        baseUrl: asked.first.api.url,
        ...(token === undefined ? {} : { authToken: token }),
        // Node has one of its own from 22 on.
        WebSocket: WebSocket as unknown as SocketConstructor,
      }),
  );
  before(async () => {
    asked = await startAskedSwarm({ nodes: 1 });
    saved.set("base_url", asked.first.api.url).set("username", ADMIN).set("password", asked.password);
  });
  after(() => asked?.stop());

  for (const one of cases) it(one.name, () => runner.run(one));
});
