import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fc from "fast-check";
import { blobRefOf, ChunkHasher, chunkLength, chunksOf, isHash, sha256 } from "./hash.js";
import { BLOB_CHUNK_BYTES } from "./types.js";

const digest = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest();
const EMPTY = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

describe("protocol/hash", () => {
  it("names bytes by their SHA-256", () => {
    assert.equal(sha256(new Uint8Array()), EMPTY);
    assert.ok(isHash(EMPTY));
    for (const bad of [EMPTY.toUpperCase(), `${EMPTY}0`, EMPTY.slice(7), 5, null]) assert.ok(!isHash(bad));
  });

  it("hashes chunks as the contract says, whatever the slices it is given", () => {
    const bytes = new Uint8Array(2 * BLOB_CHUNK_BYTES + 17).map((_, i) => i % 251);
    const chunks = [0, 1, 2].map((i) =>
      digest(bytes.subarray(i * BLOB_CHUNK_BYTES, (i + 1) * BLOB_CHUNK_BYTES)),
    );
    const expected = Buffer.concat(chunks);
    const cut = fc.array(fc.integer({ min: 0, max: bytes.length }), { maxLength: 6 });
    fc.assert(
      fc.property(cut, (cuts) => {
        const hasher = new ChunkHasher();
        const edges = [0, ...cuts.sort((a, b) => a - b), bytes.length];
        for (let i = 1; i < edges.length; i++) hasher.update(bytes.subarray(edges[i - 1], edges[i]));
        const { ref, chunkHashes } = hasher.digest();
        assert.deepEqual(Buffer.from(chunkHashes), expected);
        assert.deepEqual(ref, { hash: sha256(bytes), bytes: bytes.length, chunkRoot: sha256(expected) });
      }),
      { numRuns: 20 },
    );
  });

  it("gives an empty blob no chunks, and a full one no empty last chunk", () => {
    assert.deepEqual(blobRefOf(new Uint8Array()), { hash: EMPTY, bytes: 0, chunkRoot: EMPTY });
    assert.deepEqual([0, 1, BLOB_CHUNK_BYTES, BLOB_CHUNK_BYTES + 1].map(chunksOf), [0, 1, 1, 2]);
    assert.equal(chunkLength(BLOB_CHUNK_BYTES + 5, 0), BLOB_CHUNK_BYTES);
    assert.equal(chunkLength(BLOB_CHUNK_BYTES + 5, 1), 5);
  });
});
