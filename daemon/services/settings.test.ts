import assert from "node:assert/strict";
import { ServiceError } from "./errors.js";
import { settingsService } from "./settings.js";

describe("daemon/services: settings", () => {
  it("says of every change that a node which is not ready refuses that nothing was done", async () => {
    const outside = () => {
      throw new ServiceError("NOT_READY", "belongs to no swarm yet", { waits_for: "peers" });
    };
    const follows = async () => outside();
    const port = { state: { revision: 0, entries: [] } } as never;
    for (const service of [settingsService(outside, (work) => work()), settingsService(() => port, follows)])
      for (const change of [service.set("user.a", 1, null), service.delete("user.a", null)])
        await assert.rejects(change, (error) => {
          assert.ok(error instanceof ServiceError);
          assert.deepEqual(
            [error.name, error.details],
            ["NOT_READY", { committed: "no", waits_for: "peers" }],
          );
          return true;
        });
  });
});
