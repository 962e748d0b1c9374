import assert from "node:assert/strict";
import { z } from "zod";
import { errorBodySchema } from "../errors.js";
import * as approvals from "./approvals.js";
import * as consensus from "./consensus.js";
import * as health from "./health.js";
import * as models from "./models.js";
import * as network from "./network.js";
import * as nodes from "./nodes.js";
import * as sessions from "./sessions.js";
import * as settings from "./settings.js";
import * as training from "./training.js";
import { jsonValueSchema } from "./view.js";

const modules = { approvals, consensus, health, models, network, nodes, sessions, settings, training };

const exported = Object.values(modules).flatMap((module) =>
  Object.entries(module).flatMap(([name, value]): [string, z.ZodType][] =>
    name.endsWith("ViewSchema") && value instanceof z.ZodType ? [[name, value]] : [],
  ),
);
const schemas: [string, z.ZodType][] = [
  ...exported,
  ["errorBodySchema", errorBodySchema],
  ["jsonValueSchema", jsonValueSchema],
];

describe("daemon/services: schemas of the views", () => {
  it("has a JSON schema for every view: nothing that only code can check, nothing without a name", () => {
    assert.ok(exported.length > 20);
    for (const [name, schema] of schemas) {
      const { id, description } = schema.meta() ?? {};
      assert.match(id ?? "", /^[A-Z][A-Za-z]+$/, name);
      assert.match(description ?? "", /\.$/, name);
      const { $defs } = z.toJSONSchema(schema, { io: "output" });
      assert.equal($defs?.[id ?? ""]?.description, description, name);
      // zod makes up a name for what refers to itself and has none.
      for (const part of Object.keys($defs ?? {})) assert.doesNotMatch(part, /^__/, name);
    }
  });

  it("gives no two of them one name", () => {
    const ids = schemas.map(([, schema]) => schema.meta()?.id);
    assert.equal(new Set(ids).size, ids.length);
  });

  it("lets an answer of a newer node have fields that this one does not know", () => {
    const live = { status: "ok", uptime_seconds: 1, later: true };
    assert.deepEqual(health.liveViewSchema.parse(live), { status: "ok", uptime_seconds: 1 });
  });
});
