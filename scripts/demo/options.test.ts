import assert from "node:assert/strict";
import { nextCommands } from "./next.js";
import { parseOptions } from "./options.js";

describe("scripts/demo options", () => {
  it("have the defaults that the usage names", () => {
    assert.deepEqual(parseOptions([]), {
      nodes: 4,
      rounds: null,
      keep: false,
      chaos: true,
      json: false,
      folder: null,
    });
  });

  it("are read as given", () => {
    const args = [
      "--nodes",
      "6",
      "--rounds",
      "60",
      "--keep",
      "--no-chaos",
      "--json",
      "--folder",
      "/tmp/whale",
    ];
    const expected = { nodes: 6, rounds: 60, keep: true, chaos: false, json: true, folder: "/tmp/whale" };
    assert.deepEqual(parseOptions(args), expected);
    assert.equal(parseOptions(["--help"]), "help");
  });

  for (const [args, why] of [
    [["--nodes", "0"], /--nodes 0: expected an integer from 1 to 16/],
    [["--nodes", "17"], /--nodes 17/],
    [["--nodes", "four"], /--nodes four/],
    [["--nodes", "2.5"], /--nodes 2\.5/],
    [["--rounds", "1001"], /--rounds 1001: expected an integer from 1 to 1000/],
    [["--rounds", ""], /--rounds : expected/],
    [["--folder", ""], /--folder: expected a path/],
    [["--round", "3"], /'--round'/],
    [["extra"], /extra/],
  ] as const) {
    it(`are refused: ${args.join(" ")}`, () => {
      assert.throws(() => parseOptions(args), why);
    });
  }
});

describe("scripts/demo next commands", () => {
  it("ask the node that goes on running, and do not advise what was given already", () => {
    const commands = nextCommands("/data/checkpoint.tar", "http://127.0.0.1:2").map((next) => next.command);
    assert.match(commands[0] ?? "", /status --api http:\/\/127\.0\.0\.1:2$/);
    assert.ok(commands.every((command) => !command.includes("--keep")));
  });

  it("need no node where none runs", () => {
    const commands = nextCommands("/data/check point.tar", null).map((next) => next.command);
    assert.match(commands[0] ?? "", /verify-lineage "\/data\/check point\.tar"$/);
    assert.ok(commands.every((command) => !command.includes("--api")));
  });
});
