import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { confChangeRunner } from "./confchange_cases.js";
import { differences, parseCases } from "./datadriven.js";
import { moduleIn } from "./module_folder.js";
import { runQuorumCase } from "./quorum_cases.js";

const quorum = (text: string) => differences(parseCases(text), runQuorumCase);
const changes = (text: string) => differences(parseCases(text), confChangeRunner());

describe("data-driven files", () => {
  it("are read with comments, arguments, input and output", () => {
    const text = "# about\n\ngo 1 x=2 y=(3, 4)\nfirst\nsecond\n----\nout\n\nstop\n----\n";
    assert.deepEqual(parseCases(text), [
      {
        command: "go",
        args: [
          { key: "1", values: [] },
          { key: "x", values: ["2"] },
          { key: "y", values: ["3", "4"] },
        ],
        input: "first\nsecond",
        expected: "out\n",
        line: 3,
      },
      { command: "stop", args: [], input: "", expected: "", line: 9 },
    ]);
  });

  it("may have empty lines in an output between doubled separators", () => {
    const [one, two] = parseCases("a\n----\n----\nx\n\ny\n----\n----\n\nb\n----\nz\n");
    assert.equal(one?.expected, "x\n\ny\n");
    assert.equal(two?.expected, "z\n");
  });

  it("are refused where they are of another format", () => {
    assert.throws(() => parseCases("go\nnothing follows"), /line 1: no "----"/);
    assert.throws(() => parseCases("go x=(1\n----\n"), /line 1: "x=\(1"/);
  });
});

describe("the quorum cases", () => {
  it("pass with the right answer only", () => {
    const at = (answer: string) =>
      `committed cfg=(1,2,17) idx=(5,_,9)\n----\n       idx\nx>       5    (id=1)\n?        0    (id=2)\nxx>      9    (id=11)\n${answer}\n`;
    assert.deepEqual(quorum(at("5")), []);
    assert.equal(quorum(at("9"))[0]?.actual.endsWith("\n5\n"), true);
    assert.deepEqual(quorum("vote cfg=(1) cfgj=(2) votes=(y,n)\n----\nVoteLost\n"), []);
    assert.equal(quorum("vote cfg=(1) cfgj=(2) votes=(y,_)\n----\nVoteWon\n")[0]?.actual, "VotePending\n");
  });

  it("differ where they cannot be understood", () => {
    assert.match(quorum("vote cfg=(1,2) votes=(y)\n----\nVoteWon\n")[0]?.actual ?? "", /1 values for 2/);
    assert.match(quorum("elect cfg=(1)\n----\nok\n")[0]?.actual ?? "", /unknown command elect/);
  });
});

describe("the membership cases", () => {
  it("share a configuration within a file, and number members by when they came", () => {
    const text = [
      "simple\nv2\n----\nvoters=(2)\n2: StateProbe match=0 next=1\n",
      "simple\nv1 v3\n----\nmore than one voter changed without entering joint config\n",
      "enter-joint autoleave=true\nl2 v10\n----\nvoters=(10)&&(2) learners_next=(2) autoleave",
      "2: StateProbe match=0 next=1\n10: StateProbe match=0 next=2\n",
      "leave-joint\n----\nvoters=(10) learners=(2)",
      "2: StateProbe match=0 next=1 learner\n10: StateProbe match=0 next=2\n",
    ].join("\n");
    assert.deepEqual(changes(text), []);
    assert.equal(changes(text.replaceAll("next=2", "next=3")).length, 2);
  });

  it("differ where a token means nothing", () => {
    assert.match(changes("simple\nx1\n----\nok\n")[0]?.actual ?? "", /"x1" is no change/);
  });
});

describe("etcd's module", () => {
  it("is found in its own folder, and in a module cache with its newest version", () => {
    const cache = mkdtempSync(join(tmpdir(), "modules-"));
    const versions = ["v3@v3.9.0", "v3@v3.10.1"].map((name) => join(cache, "go.etcd.io", "raft", name));
    try {
      assert.equal(moduleIn(cache), null);
      for (const folder of versions) mkdirSync(join(folder, "quorum", "testdata"), { recursive: true });
      assert.equal(moduleIn(cache), versions[1]);
      assert.equal(moduleIn(versions[0] as string), versions[0]);
    } finally {
      rmSync(cache, { recursive: true });
    }
  });
});
