import assert from "node:assert/strict";
import { errorBody, errorBodySchema, SERVICE_ERRORS, ServiceError, toServiceError } from "./errors.js";
import { assertView } from "./testing/assert_view.js";

describe("daemon/services: errors", () => {
  it("keeps the contract's codes and never uses one twice", () => {
    const contract = {
      NODE_NOT_FOUND: 1001,
      TRAINING_IN_PROGRESS: 1002,
      CONSENSUS_FAILED: 1003,
      MODEL_CORRUPT: 1004,
      NETWORK_PARTITION: 1005,
    } as const;
    for (const [name, code] of Object.entries(contract)) {
      assert.equal(SERVICE_ERRORS[name as keyof typeof contract].code, code);
    }
    const codes = Object.values(SERVICE_ERRORS).map((kind) => kind.code);
    assert.equal(new Set(codes).size, codes.length);
  });

  it("tells a caller nothing of an unexpected error but that there was one", () => {
    const error = toServiceError(new Error("password in /etc/secret"));
    assert.equal(error.name, "INTERNAL");
    assert.doesNotMatch(JSON.stringify(errorBody(error, "r1")), /secret/);
    const known = new ServiceError("MODEL_NOT_FOUND", "no model x", { model_id: "x" });
    assert.equal(toServiceError(known), known);
    assertView(errorBodySchema, errorBody(known, "r1"));
    assert.deepEqual(JSON.parse(JSON.stringify(errorBody(known, "r1"))), {
      error: {
        code: 1121,
        name: "MODEL_NOT_FOUND",
        message: "no model x",
        details: { model_id: "x" },
        request_id: "r1",
      },
    });
  });
});
