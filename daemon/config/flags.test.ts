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

  it("takes truth values as the environment does, and refuses every other word", async () => {
    for (const [flag, value] of [
      ["--form", true],
      ["--form=true", true],
      ["--form=ON", true],
      ["--form=yes", true],
      ["--form=1", true],
      ["--no-form", false],
      ["--form=false", false],
      ["--form=off", false],
      ["--form=no", false],
      ["--form=0", false],
    ] as const) {
      assert.equal((await parse(flag)).consensus.form, value, flag);
    }
    assert.equal((await parse("--form", "--name", "n")).consensus.form, true);
    assert.equal((await parse("--form", "off")).consensus.form, false);
    for (const flag of ["--form=maybe", "--form=", "--form=2", "--form=tru"]) {
      await assert.rejects(
        parse(flag),
        /--form: consensus\.form: ".*" is not allowed\. Allowed: true or false/,
        flag,
      );
    }
    await assert.rejects(parse("--form", "maybe"), /--form: consensus\.form: "maybe" is not allowed/);
    await assert.rejects(parse("--form", "--no-form"), /--form: consensus\.form: is given more than once/);
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
