import assert from "node:assert/strict";
import { FairSlots } from "./fair_slots.js";

const of = (limits: { max: number; perPeerMax: number; waitingPerPeerMax: number }) =>
  new FairSlots({ ...limits, reserved: 0, perStrangerMax: limits.perPeerMax }, () => true);

describe("protocol/blobs/fair_slots", () => {
  it("bounds slots in all and per peer", async () => {
    const slots = of({ max: 3, perPeerMax: 2, waitingPerPeerMax: 1 });
    const given: string[] = [];
    const take = (peer: string) => slots.take(peer).then((granted) => given.push(`${peer} ${granted}`));
    for (const peer of ["a", "a", "a", "a", "b", "c"]) void take(peer);
    await new Promise(setImmediate);
    assert.deepEqual(
      given,
      ["a true", "a true", "a false", "b true"],
      "the fourth of a is sent away, the third waits",
    );
    slots.release("b");
    await new Promise(setImmediate);
    assert.deepEqual(given.slice(4), ["c true"], "a has its share: c goes first");
    slots.release("a");
    await new Promise(setImmediate);
    assert.deepEqual(given.slice(5), ["a true"]);
  });

  it("serves waiting peers in turn, not in the order of their greed", async () => {
    const slots = of({ max: 1, perPeerMax: 1, waitingPerPeerMax: 10 });
    const order: string[] = [];
    await slots.take("greedy");
    const run = async (peer: string) => {
      await slots.take(peer);
      order.push(peer);
      slots.release(peer);
    };
    const jobs = [run("greedy"), run("greedy"), run("greedy"), run("modest")];
    slots.release("greedy");
    await Promise.all(jobs);
    assert.deepEqual(order, ["greedy", "modest", "greedy", "greedy"]);
    assert.equal(await slots.take("greedy"), true, "no slot has been lost");
  });

  it("sends everybody away when it is cleared", async () => {
    const slots = of({ max: 1, perPeerMax: 1, waitingPerPeerMax: 10 });
    await slots.take("a");
    const waiting = [slots.take("a"), slots.take("b")];
    slots.clear();
    assert.deepEqual(await Promise.all(waiting), [false, false]);
  });

  it("gives a member a reserved slot while strangers wait for theirs", async () => {
    const limits = { max: 4, perPeerMax: 2, reserved: 2, perStrangerMax: 2, waitingPerPeerMax: 4 };
    const slots = new FairSlots(limits, (peer) => peer === "member");
    const given: string[] = [];
    const take = (peer: string) => void slots.take(peer).then(() => given.push(peer));
    for (const peer of ["a", "b", "c", "d", "a", "b"]) take(peer);
    await new Promise(setImmediate);
    assert.deepEqual(given, ["a", "b"]);
    take("member");
    await new Promise(setImmediate);
    assert.deepEqual(given, ["a", "b", "member"]);
    slots.release("member");
    await new Promise(setImmediate);
    assert.equal(given.length, 3, "what members give back strangers do not get");
    slots.release("a");
    await new Promise(setImmediate);
    assert.deepEqual(given.slice(3), ["c"]);
  });
});
