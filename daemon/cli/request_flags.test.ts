import assert from "node:assert/strict";
import { trainingRequestSchema } from "../../training/plan/index.js";
import { UsageError } from "./exit.js";
import { ABOUT, requestFlags, requestOf } from "./request_flags.js";

const flags = requestFlags(trainingRequestSchema);

describe("daemon/cli: session flags", () => {
  it("has a flag with a description for every field of the request", () => {
    assert.deepEqual(
      flags.filter((f) => f.about === "").map((f) => f.flag),
      [],
    );
    assert.deepEqual(Object.keys(ABOUT).sort(), flags.map((f) => f.path.join(".")).sort());
    assert.deepEqual(
      flags.filter((f) => f.required).map((f) => f.flag),
      ["dataset"],
    );
  });

  it("builds a request that the API takes, of what was given and nothing else", () => {
    const request = requestOf(flags, {
      dataset: "builtin:mnist",
      "batch-size": 32,
      nodes: ["a,b", "c"],
      "model.type": "mlp",
      "model.hidden": ["64", "32"],
      "round-timeout": "30s",
      api: "http://127.0.0.1:8080",
    });
    assert.deepEqual(request, {
      dataset: "builtin:mnist",
      batch_size: 32,
      nodes: ["a", "b", "c"],
      model: { type: "mlp", hidden: [64, 32] },
      round_timeout: "30s",
    });
    assert.equal(trainingRequestSchema.safeParse(request).success, true);
  });

  it("takes a lone number where one or several are possible, and refuses what is none", () => {
    const of = (args: Record<string, unknown>) => requestOf(flags, args);
    assert.deepEqual(of({ "model.hidden": ["64"] }), { model: { hidden: 64 } });
    assert.deepEqual(of({ "round-timeout": "30" }), { round_timeout: 30 });
    assert.throws(() => of({ "model.channels": ["8", "many"] }), UsageError);
  });
});
