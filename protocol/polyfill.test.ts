import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";

describe("protocol/polyfill", () => {
  it("gives libp2p what Node 20 lacks, with the standard's behavior", () => {
    const script = `
      delete Promise.withResolvers; delete Promise.try;
      await import(${JSON.stringify(new URL("./polyfill.js", import.meta.url).href)});
      const { promise, resolve } = Promise.withResolvers(); resolve(1);
      const thrown = await Promise.try(() => { throw new Error("sync"); }).catch((e) => e.message);
      console.log(await promise, await Promise.try((a, b) => a + b, 1, 2), thrown, Object.keys(Promise).length);`;
    const out = execFileSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" });
    assert.equal(out.trim(), "1 3 sync 0");
  });
});
