import assert from "node:assert/strict";
import type { PeerHello } from "../../protocol/index.js";
import type { Hash } from "../../protocol/types.js";
import { askable } from "./askable.js";
import type { Seen } from "./presence.js";
import { beat } from "./testing/beat.js";

const FORMATION: Hash = `sha256:${"f".repeat(64)}`;

describe("daemon/swarm: whom to ask", () => {
  const ask = (peers: readonly string[], outside: boolean) =>
    askable({
      formation: FORMATION,
      host: {
        peers: () =>
          peers.map((peer): PeerHello => {
            const formation = peer === "stranger" ? null : FORMATION;
            return { peer, name: peer, version: "1", protocol: 1, swarm: "s", formation, sinceMs: 0 };
          }),
      },
      presence: {
        get: (peer): Seen | undefined => {
          const role = peer === "leader" ? "leader" : "follower";
          return peer === "silent" ? undefined : { peer, heartbeat: beat({ role }), atMs: 0, wallMs: 0 };
        },
      },
      outside: () => outside,
    });

  it("asks any peer of the swarm, and from outside the leader only when there is nobody else", () => {
    const peers = ["leader", "voter", "silent", "stranger"];
    assert.deepEqual(ask(peers, false), ["leader", "voter", "silent"]);
    assert.deepEqual(ask(peers, true), ["voter", "silent"]);
    assert.deepEqual(ask(["leader", "stranger"], true), ["leader"]);
  });
});
