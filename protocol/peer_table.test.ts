import assert from "node:assert/strict";
import { silentLogger } from "./logger.js";
import { type PeerEvent, PeerTable } from "./peer_table.js";

const hello = (formation: `sha256:${string}` | null = null) => ({
  peer: "p",
  name: "n",
  version: "1",
  protocol: 1,
  swarm: "s",
  formation,
});

function table(): { table: PeerTable; events: string[] } {
  const events: string[] = [];
  const peers = new PeerTable(silentLogger);
  peers.onPeer((event: PeerEvent) => events.push(`${event.kind} ${event.peer}`));
  return { table: peers, events };
}

describe("protocol/peer_table", () => {
  it("is up from the first greeted connection until the last has gone, and says each once", () => {
    const { table: peers, events } = table();
    peers.opened("p", "c1");
    peers.opened("p", "c2");
    assert.equal(peers.isUp("p"), false);
    peers.greeted("p", "c1", hello());
    peers.greeted("p", "c2", hello());
    peers.closed("p", "c1");
    assert.equal(peers.isUp("p"), true);
    assert.equal(peers.isGreeted("p", "c1"), false);
    peers.closed("p", "c2");
    assert.deepEqual(events, ["up p", "down p"]);
    assert.equal(peers.has("p"), false);
  });

  it("takes a second hello as news of an old acquaintance", () => {
    const { table: peers, events } = table();
    peers.opened("p", "c1");
    peers.greeted("p", "c1", hello());
    peers.greeted("p", "c1", hello(`sha256:${"a".repeat(64)}`));
    assert.equal(peers.hellos()[0]?.formation, `sha256:${"a".repeat(64)}`);
    assert.deepEqual(events, ["up p"]);
  });

  it("does not forget a formation over a handshake that began before it was known", () => {
    const { table: peers } = table();
    const formation = `sha256:${"a".repeat(64)}` as const;
    peers.opened("p", "c1");
    peers.greeted("p", "c1", hello(formation));
    peers.greeted("p", "c1", hello());
    assert.equal(peers.helloOf("p")?.formation, formation);
    peers.closed("p", "c1");
    peers.opened("p", "c2");
    peers.greeted("p", "c2", hello());
    assert.equal(peers.helloOf("p")?.formation, null, "after a restart it may be another");
  });

  it("lets others wait for a handshake, however it ends", async () => {
    const { table: peers } = table();
    assert.equal(peers.admitted("stranger"), false);
    peers.opened("p", "c1");
    const waiting = peers.admitted("p");
    peers.greeted("p", "c1", hello());
    assert.equal(await waiting, true);
    assert.equal(peers.admitted("p"), true);
    peers.opened("q", "c2");
    const hopeless = peers.admitted("q");
    peers.closed("q", "c2");
    assert.equal(await hopeless, false);
  });

  it("ignores a handshake whose connection has closed meanwhile", () => {
    const { table: peers, events } = table();
    peers.opened("p", "c1");
    peers.closed("p", "c1");
    peers.greeted("p", "c1", hello());
    assert.deepEqual([peers.isUp("p"), events], [false, []]);
  });

  it("survives a listener that throws", () => {
    const { table: peers, events } = table();
    peers.onPeer(() => {
      throw new Error("listener");
    });
    peers.onPeer(() => events.push("second"));
    peers.opened("p", "c1");
    peers.greeted("p", "c1", hello());
    assert.deepEqual(events, ["up p", "second"]);
  });
});
