import assert from "node:assert/strict";
import { createWriteStream } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { formationOf } from "../../consensus/formation/index.js";
import { Committee, genesisOf, testHash } from "../../consensus/testing/committee.js";
import type { Certificate, Decision } from "../../consensus/types.js";
import { encodeLineageRecord, votePreimage } from "../../consensus/votes/index.js";
import { createIdentity } from "../../protocol/identity.js";
import type { BlobRef } from "../../protocol/types.js";
import { checkpointStream } from "../../training/checkpoints/index.js";
import { layoutOf } from "../../training/models/index.js";
import { emptyOuterState, writeVersion } from "../../training/versions/index.js";
import { specFixture } from "../services/testing/snapshot.js";
import { openStore } from "../store/index.js";
import { saveGenesis } from "../swarm/founding.js";
import { LineageStore } from "../swarm/lineage_store.js";
import { EXIT } from "./exit.js";
import { runCli } from "./testing/run.js";

/** A lineage whose voters are real peer identities, as the command's verification wants them. */
function lineage(length: number, genesis: Partial<Decision> = {}): Certificate[] {
  const voters = [createIdentity(), createIdentity(), createIdentity()].sort((a, b) =>
    a.peerId < b.peerId ? -1 : 1,
  );
  const names = voters.map((v) => v.peerId);
  const founding = genesisOf(names);
  const template = new Committee(1);
  const certify = (decision: Decision): Certificate => {
    const preimage = votePreimage(decision);
    return { decision, votes: voters.map((v) => ({ peer: v.peerId, signature: v.sign(preimage) })) };
  };
  const certificates = [
    certify(template.genesis({ voters: names, formation: formationOf(founding), ...genesis })),
  ];
  while (certificates.length < length) {
    const previous = (certificates.at(-1) as Certificate).decision;
    certificates.push(certify(template.next(previous)));
  }
  return certificates;
}

/** As `lineage.cbor` has it. */
function recordsOf(certificates: readonly Certificate[]): Uint8Array[] {
  const founding = genesisOf((certificates[0] as Certificate).decision.voters);
  return [
    encodeLineageRecord({ genesis: founding }),
    ...certificates.map((version) => encodeLineageRecord({ version })),
  ];
}

const sequence = (certificates: readonly Certificate[]): Buffer => Buffer.concat(recordsOf(certificates));

describe("daemon/cli: verify-lineage", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "ncrsh-cli-"));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const verify = (...args: string[]) => runCli(["consensus", "verify-lineage", ...args]);

  it("verifies a lineage file, offline", async () => {
    const file = join(folder, "lineage.cbor");
    await writeFile(file, sequence(lineage(4)));
    const { exitCode, out } = await verify(file, "--json");
    const report = JSON.parse(out);
    assert.deepEqual([exitCode, report.ok, report.versions, report.signatures], [EXIT.ok, true, 4, 12]);
    assert.deepEqual([report.head, report.weightsMatch], [testHash("version-3"), null]);
  });

  describe("with a checkpoint", () => {
    const spec = specFixture({
      model: { type: "gpt2", hiddenSize: 8, numLayers: 1, numHeads: 1, contextLength: 64, vocabSize: 80 },
    });
    const layout = layoutOf(spec.model);

    async function checkpoint(certificates: (result: BlobRef) => Certificate[]): Promise<string> {
      const versionPath = join(folder, "version");
      const weights = new Float32Array(layout.size).fill(0.5);
      const outer = emptyOuterState(layout, spec.strategy);
      const { ref } = await writeVersion(versionPath, layout, spec.strategy, { height: 0, weights, outer });
      async function* records() {
        yield* recordsOf(certificates(ref));
      }
      const cursor = { next: 0, holes: [] };
      const file = join(folder, "model.tar");
      const stream = await checkpointStream({
        session: "s1",
        spec,
        height: 0,
        version: ref.hash,
        versionPath,
        cursor,
        lineage: records(),
      });
      await pipeline(stream, createWriteStream(file));
      return file;
    }

    it("verifies that its weights are what the lineage ends with", async () => {
      const { exitCode, out } = await verify(await checkpoint((result) => lineage(1, { result })));
      assert.equal(exitCode, EXIT.ok, out);
      assert.match(out, /^weights +are the last version$/m);
    });

    it("does not lend the good name of a lineage to other weights", async () => {
      const { exitCode, out } = await verify(await checkpoint(() => lineage(1)));
      assert.equal(exitCode, EXIT.failure);
      assert.match(out, /^lineage +NOT verified$/m);
      assert.match(out, /^problem +its weights are sha256:/m);
    });
  });

  it("reads a stopped node's data folder", async () => {
    const certificates = lineage(3);
    const store = await openStore(join(folder, "data"), {
      logger: { info: () => {}, warn: () => {} },
      createIdentity: () => new Uint8Array(68),
    });
    const kept = new LineageStore(store.lineage);
    for (const certificate of certificates) await kept.put(certificate);
    await saveGenesis(store.meta, genesisOf((certificates[0] as Certificate).decision.voters));
    const args = ["--data-dir", join(folder, "data"), "--session"];
    const locked = await verify(...args, "s1");
    assert.equal(locked.exitCode, EXIT.failure);
    assert.match(locked.err, /in use by/);
    await store.close();
    const { exitCode, out } = await verify(...args, "s1", "--json");
    assert.deepEqual([exitCode, JSON.parse(out).versions], [EXIT.ok, 3]);
    const other = await verify(...args, "other");
    assert.equal(other.exitCode, EXIT.failure);
    assert.match(other.err, /it has no session other, but s1/);
    const empty = await verify("--data-dir", join(folder, "nothing"), "--session", "s1");
    assert.match(empty.err, /not the data folder of a node/);
  });

  it("fails on a forged, a broken and a foreign lineage", async () => {
    const file = join(folder, "lineage.cbor");
    const good = lineage(3);
    const last = good[2] as Certificate;
    const result = { ...last.decision.result, hash: testHash("other") };
    await writeFile(
      file,
      sequence([...good.slice(0, 2), { ...last, decision: { ...last.decision, result } }]),
    );
    const tampered = await verify(file);
    assert.equal(tampered.exitCode, EXIT.failure);
    assert.match(tampered.out, /NOT verified[\s\S]*height 2: the signature of/);

    await writeFile(file, sequence([good[0] as Certificate, last]));
    assert.match((await verify(file)).out, /height 2 follows height 0/);

    await writeFile(file, sequence(good));
    const foreign = await verify(file, "--formation", testHash("another"));
    assert.equal(foreign.exitCode, EXIT.failure);
    assert.equal(
      (await verify(file, "--formation", formationOf(genesisOf((good[0] as Certificate).decision.voters))))
        .exitCode,
      EXIT.ok,
    );
  });

  it("says what is wrong with a file that holds none", async () => {
    const file = join(folder, "x");
    await writeFile(file, "hello, world");
    const garbage = await verify(file);
    assert.deepEqual([garbage.exitCode, garbage.out], [EXIT.failure, ""]);
    assert.match(garbage.err, /error: no lineage can be read from .*record 1: .+\nhint: /);
    await writeFile(file, "");
    assert.match((await verify(file)).out, /the lineage has no version/);
    assert.match((await verify(join(folder, "missing"))).err, /ENOENT/);
    assert.match((await verify(folder)).err, /it is a folder/);
    assert.equal((await verify()).exitCode, EXIT.usage);
    assert.equal((await verify(file, "--session", "s1")).exitCode, EXIT.usage);
  });
});
