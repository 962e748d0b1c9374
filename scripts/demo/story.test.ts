import assert from "node:assert/strict";
import { Story, storyFor } from "./story.js";
import { nodeNamed, sightOf } from "./testing/sight.js";

const ROUNDS = 30;
const [leader, other, newcomer] = [nodeNamed("ishmael"), nodeNamed("queequeg"), nodeNamed("pip")];

function telling() {
  const events: string[] = [];
  const swarm = {
    kill: async (node: { name: string }) => void events.push(`kill ${node.name}`),
    add: async () => newcomer,
    start: (node: { name: string }) => void events.push(`start ${node.name}`),
  };
  return { events, swarm, story: new Story(swarm, ROUNDS, () => undefined) };
}

describe("scripts/demo story", () => {
  it("kills the leader once, a third of the way, and brings the newcomer some versions later", async () => {
    const { events, story } = telling();
    for (let height = 0; height < ROUNDS; height++) {
      const leads = events.length === 0 ? leader : other;
      await story.follow(sightOf({ leader: leads, height }), height / ROUNDS);
      if (height < 10) assert.deepEqual(events, []);
      else if (height < 13) assert.deepEqual(events, ["kill ishmael"]);
      else assert.deepEqual(events, ["kill ishmael", "start pip"]);
    }
  });

  it("goes by the time where versions are slow, but not before there is one", async () => {
    const { events, story } = telling();
    await story.follow(sightOf({ leader, height: 0 }), 0.5);
    assert.deepEqual(events, []);
    await story.follow(sightOf({ leader, height: 1 }), 0.5);
    await story.follow(sightOf({ leader: null, height: 1 }), 0.9);
    assert.deepEqual(events, ["kill ishmael"], "nobody leads: a newcomer would have to wait");
    await story.follow(sightOf({ leader: other, height: 1 }), 0.9);
    assert.deepEqual(events, ["kill ishmael", "start pip"]);
  });

  it("brings the newcomer even when the session has ended meanwhile", async () => {
    const { events, story } = telling();
    await story.follow(sightOf({ leader, height: ROUNDS - 1 }), 1);
    await story.follow(sightOf({ leader: other, height: ROUNDS, status: "finished" }), 1);
    assert.deepEqual(events, ["kill ishmael", "start pip"]);
  });

  it("says why it does not happen with one or two nodes, and is silent where it was not wanted", () => {
    const { swarm } = telling();
    const said: string[] = [];
    const say = (text: string) => void said.push(text);
    assert.equal(storyFor(swarm, { chaos: false, nodes: 2 }, ROUNDS, say), null);
    assert.deepEqual(said, []);
    assert.equal(storyFor(swarm, { chaos: true, nodes: 2 }, ROUNDS, say), null);
    assert.match(said.join(), /with 2 the leader is not killed/);
    assert.ok(storyFor(swarm, { chaos: true, nodes: 3 }, ROUNDS, say));
  });
});
