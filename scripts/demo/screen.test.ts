import assert from "node:assert/strict";
import { pictureOf, plainTextOf, quietAfter, type Screen } from "./screen.js";
import { nodeNamed, sightOf } from "./testing/sight.js";

/** What the demonstration promises to show, whatever it is shown on. */
const FACTS = [
  "round 11",
  "version 9/30",
  "validation 2.625",
  "votes 11 for, 1 against",
  "ishmael",
  "leader",
  "2.250",
  "2.750",
  "3.0 MiB",
  "ababababab",
];

describe("scripts/demo screen", () => {
  const sight = sightOf({ leader: nodeNamed("ishmael"), height: 9 });

  for (const [where, lines] of [
    ["on a terminal of 80 columns", pictureOf(sight, 80)],
    ["elsewhere", plainTextOf(sight)],
  ] as const) {
    it(`shows the round, versions, losses, bytes, votes and who leads ${where}`, () => {
      const text = lines.join("\n");
      for (const fact of FACTS) assert.ok(text.includes(fact), `${fact} is missing:\n${text}`);
    });
  }

  it("keeps within the width of the terminal", () => {
    assert.ok(pictureOf(sight, 60).every((line) => line.length < 60));
  });

  it("tells nothing more once everything is being stopped", () => {
    const told: string[] = [];
    const screen: Screen = {
      say: (text) => told.push(text),
      draw: () => told.push("picture"),
      close: () => told.push("closed"),
    };
    const stop = new AbortController();
    const quiet = quietAfter(screen, stop.signal);
    quiet.say("before");
    stop.abort();
    quiet.say("after");
    quiet.draw(sight);
    quiet.close();
    assert.deepEqual(told, ["before", "closed"]);
  });
});
