import assert from "node:assert/strict";
import type { Genesis } from "../../consensus/formation/index.js";
import { formationOf } from "../../consensus/formation/index.js";
import type { RecoveryDecision, RecoveryRecord } from "../../consensus/types.js";
import { encodeRecovery, recoveryDigest, recoveryPreimage } from "../../consensus/votes/index.js";
import { createIdentity, type Identity } from "../../protocol/index.js";
import { fetchGenesis, foundedHere, genesisBytes } from "./founding.js";

const genesis: Genesis = { v: 1, swarm: "test", nonce: "0".repeat(32), voters: ["a"], formedAtMs: 1 };

describe("daemon/swarm: founding", () => {
  it("lets only the data folder that founded a swarm begin its log, though the genesis names the node", async () => {
    const here = (founded: Genesis | null) => foundedHere({ founded: async () => founded }, genesis);
    assert.equal(await here(genesis), true);
    // The database was lost, the identity was not: the node has found its own swarm again.
    assert.equal(await here(null), false);
    assert.equal(await here({ ...genesis, nonce: "1".repeat(32) }), false);
  });

  describe("of a swarm that was recovered by force", () => {
    const survivor = createIdentity();
    const recovery = (by: Identity, change: Partial<RecoveryDecision> = {}): RecoveryRecord => {
      const decision: RecoveryDecision = {
        ...{
          v: 1,
          swarm: "test",
          formation: formationOf(genesis),
          by: by.peerId,
          count: 1,
          seq: 1,
          parent: null,
        },
        ...{ from: [survivor.peerId], configuration: [survivor.peerId], term: 2, index: 9 },
        ...{ session: null, height: null, version: null, atMs: 0 },
        ...change,
      };
      return { decision, signature: by.sign(recoveryPreimage(decision)) };
    };

    /** What a newcomer takes from a peer that claims `record` in its handshake and answers with `answer`; null: nothing. */
    async function taken(record: RecoveryRecord, answer: RecoveryRecord | null = record) {
      const epoch = recoveryDigest(record.decision);
      const ended = new AbortController();
      const warned: string[] = [];
      const logger = {
        warn: ({ reason }: { reason?: string }) => {
          warned.push(reason ?? "");
          ended.abort(new Error("enough"));
        },
        debug: () => undefined,
      };
      const body = { v: 1, genesis: genesisBytes(genesis), expect: 0 };
      const host: Parameters<typeof fetchGenesis>[0] = {
        peers: () => [{ peer: "p", formation: epoch }],
        rpc: {
          call: async (_peer, method) =>
            method.response.parse(answer === null ? body : { ...body, recovery: encodeRecovery(answer) }),
        },
      };
      const origin = await fetchGenesis(host, epoch, logger, ended.signal).catch(() => null);
      return { origin, warned };
    }

    it("takes the genesis together with the record that the peer goes by", async () => {
      const record = recovery(survivor);
      assert.deepEqual((await taken(record)).origin, { genesis, recovery: record });
    });

    it("takes none whose record is another, forged, or of another swarm", async () => {
      const record = recovery(survivor);
      const stranger = createIdentity();
      const bad: [RegExp, RecoveryRecord, RecoveryRecord | null][] = [
        [/another swarm's/, record, null],
        [/another swarm's/, record, recovery(survivor, { index: 10 })],
        [/was not in the committee before/, recovery(stranger), recovery(stranger)],
        [/does not verify/, record, { ...record, signature: new Uint8Array(64) }],
        [
          /of another swarm/,
          ...(Array(2).fill(recovery(survivor, { swarm: "other" })) as [RecoveryRecord, RecoveryRecord]),
        ],
      ];
      for (const [why, claimed, answer] of bad) {
        const { origin, warned } = await taken(claimed, answer);
        assert.equal(origin, null);
        assert.match(warned.join(), why);
      }
    });
  });
});
