import assert from "node:assert/strict";
import yargs from "yargs";
import { configFlags } from "./flags.js";
import { loadConfig } from "./load.js";

describe("configFlags", () => {
  async function parse(...args: string[]) {
    const flags = await yargs(args).options(configFlags()).strict().exitProcess(false).fail(false).parse();
    return loadConfig({ env: {}, flags });
  }

  it("adds nothing that was not given", async () => {
    assert.deepEqual(await parse(), await loadConfig({ env: {}, flags: {} }));
  });

  it("carries every kind through yargs", async () => {
    const config = await parse(
      "--api-port=0",
      "--no-network-mdns",
      "--form",
      "--listen",
      "/ip4/127.0.0.1/tcp/0",
      "--listen",
      "/ip4/127.0.0.2/tcp/0",
      "--name",
      "007",
      "--training-heartbeat",
      "500ms",
    );
    assert.equal(config.api.port, 0);
    assert.equal(config.network.mdns, false);
    assert.equal(config.consensus.form, true);
    assert.equal(config.network.listen.length, 2);
    assert.equal(config.node.name, "007");
    assert.equal(config.training.heartbeatMs, 500);
  });

  it("leaves typos to yargs' strict mode and wrong values to the schema", async () => {
    await assert.rejects(parse("--api-prot", "1"), /Unknown argument/);
    await assert.rejects(parse("--api-port", "x"), /--api-port: api\.port: "x" is not allowed/);
    await assert.rejects(parse("--api-port"), /Not enough arguments/);
  });

  it("shows defaults in the help, but no secret's", async () => {
    const help = await yargs([]).options(configFlags()).wrap(null).getHelp();
    assert.match(help, /--api-port .*\[default: 8080\]/);
    assert.match(help, /--api-jwt-secret/);
    assert.doesNotMatch(help, /jwt-secret .*\[default/);
  });
});
