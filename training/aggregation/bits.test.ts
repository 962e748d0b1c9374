import assert from "node:assert/strict";
import { join } from "node:path";
import fc from "fast-check";
import {
  aggregatorNameSchema,
  codecNameSchema,
  type SessionSpec,
  type StrategyName,
  strategyNameSchema,
} from "../session.js";
import { contributionOf } from "../strategies/index.js";
import { specOf } from "../strategies/testing/spec.js";
import { aggregate } from "./index.js";
import { Bench } from "./testing/bench.js";
import type { AggregationResult, UpdateInput } from "./types.js";

/**
 * The version after two rounds of four updates, so that momentum and Adam's moments take part, for every way to
 * aggregate. Whoever changes one of them changes what nodes agree on: see "Bit for bit" in ARCHITECTURE.md.
 */
const GOLDEN: Readonly<Record<string, string>> = {
  "cooperative_sgd fp32 mean": "sha256:c22a7d9cd23c49efa892e64202c6224511dae22857e3b39e316d96cdd2785ad6",
  "cooperative_sgd fp32 centered_clip":
    "sha256:e1bb1733bbfbb20196023e84ecca73d20ecb29552e8beeafecd35f7c1b930f84",
  "cooperative_sgd fp16 mean": "sha256:ca759dee4dc8b57d3ae4c35c5a6acd242ad203e2dcee6ce48ea5692d11c6692d",
  "cooperative_sgd fp16 centered_clip":
    "sha256:9490e04f77f8b8a9050a3852e5019d7ae314d47b5ef0981d437735e52aef6d1b",
  "cooperative_sgd int8 mean": "sha256:3b739857a548c732ca70029e6d7af25d67d93caf512aa520ba14f7bb14acb111",
  "cooperative_sgd int8 centered_clip":
    "sha256:cb7375be162ae6bbcee21a8f9c405824f995aa5b997d66fe032750ceb469d1c4",
  "sync_sgd fp32 mean": "sha256:4656f342d742cac2eb3fe83c56d4f8c38383dca61345e73c7cf92eeb4232cd17",
  "sync_sgd fp32 centered_clip": "sha256:074903f3cfdd181c6ac83679fb267c0675d7164bfa8ba4c95a0d8476dcecfcc9",
  "sync_sgd fp16 mean": "sha256:4cf6041a57dfcdce334c8704781a72bb6315bacdf99a054ca911356e693e6653",
  "sync_sgd fp16 centered_clip": "sha256:f6042beb498616e2b9cdb5148ceb4083f0183bcd93fb4c2a62dd559e91b16bc5",
  "sync_sgd int8 mean": "sha256:2fb0402965cc1883dd9d4c680f8850161352f5f01f9c5fee8c379a4723cf670a",
  "sync_sgd int8 centered_clip": "sha256:426247dab498945647362ba5bd9301f4e85c1fc14c6784590fbe24e54d18d907",
};

const PEERS = ["d", "a", "c", "b"];
const ROUNDS = 2;

/** Values with full mantissas, of sums, products and quotients only: `Math.sin` differs between versions of V8. */
const valueAt = (round: number, peer: number, i: number) =>
  ((i * 7919 + peer * 104_729 + round * 1299) % 1009) / 997 - 0.5 + (peer === 2 && i % 5 === 0 ? 3 : 0);

function strategyOf(name: StrategyName): SessionSpec["strategy"] {
  return specOf({ name, innerSteps: name === "sync_sgd" ? 1 : 10 }).strategy;
}

for (const strategy of strategyNameSchema.options) {
  for (const codec of codecNameSchema.options) {
    for (const aggregator of aggregatorNameSchema.options) {
      const name = `${strategy} ${codec} ${aggregator}`;
      describe(`training/aggregation bit for bit: ${name}`, () => {
        let bench: Bench;
        let rounds: UpdateInput[][];
        let base: AggregationResult;
        before(async () => {
          bench = await Bench.create({ strategy: strategyOf(strategy), codec, aggregator });
          base = await bench.genesis();
          rounds = await Promise.all(Array.from({ length: ROUNDS }, (_, round) => updatesOf(round)));
        });
        after(() => bench.remove());

        const updatesOf = (round: number) =>
          Promise.all(
            PEERS.map((peer, k) => {
              const values = bench.vector((i) => valueAt(round, k, i));
              return bench.update(peer, values, 10 * (k + 1));
            }),
          );

        /** The hash of the version that these rounds lead to. */
        async function versionAfter(lists: readonly UpdateInput[][]): Promise<string> {
          const contribution = contributionOf(bench.spec, PEERS.length);
          let request = bench.request(1, [], base);
          let hash: string = base.ref.hash;
          for (const [round, updates] of lists.entries()) {
            request = { ...request, height: round + 1, updates, contribution };
            const { ref } = await aggregate(request);
            hash = ref.hash;
            request = {
              ...request,
              base: { hash: ref.hash, path: request.outPath },
              outPath: join(bench.folder, `next-${round}`),
            };
          }
          return hash;
        }

        it("is the same on every machine and every version of Node", async () => {
          assert.equal(await versionAfter(rounds), GOLDEN[name]);
        });

        it("is the same in whatever order updates arrive", async () => {
          const shuffled = fc.shuffledSubarray(
            PEERS.map((_, k) => k),
            { minLength: PEERS.length },
          );
          await fc.assert(
            fc.asyncProperty(shuffled, shuffled, async (...orders) => {
              const lists = orders.map((order, round) => order.map((k) => rounds[round]![k]!));
              assert.equal(await versionAfter(lists), GOLDEN[name]);
            }),
            { numRuns: 6 },
          );
        });
      });
    }
  }
}

describe("training/aggregation bit for bit", () => {
  it("has a golden hash for every way to aggregate, and each of them counts", () => {
    const ways =
      strategyNameSchema.options.length *
      codecNameSchema.options.length *
      aggregatorNameSchema.options.length;
    assert.equal(Object.keys(GOLDEN).length, ways);
    assert.equal(new Set(Object.values(GOLDEN)).size, ways);
  });
});
