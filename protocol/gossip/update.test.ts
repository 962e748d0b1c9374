import assert from "node:assert/strict";
import { encode } from "../codec.js";
import { blobRefOf, sha256 } from "../hash.js";
import { createIdentity } from "../identity.js";
import { INLINE_PAYLOAD_BYTES_MAX } from "../limits.js";
import {
  manifestPreimage,
  signManifest,
  type UpdateManifest,
  updateTopic,
  verifyManifest,
} from "./update.js";

const author = createIdentity();
const payload = new Uint8Array(1000).fill(7);
const manifest: UpdateManifest = {
  v: 1,
  session: "s",
  round: 1,
  base: sha256(Uint8Array.of(0)),
  codec: "int8",
  contribution: "pseudo_gradient",
  steps: 4,
  samples: 64,
  lossNats: 1.5,
  payload: blobRefOf(payload),
};

describe("protocol/gossip/update", () => {
  it("signs a manifest whose hash names exactly its bytes", () => {
    const signed = signManifest(author, manifest);
    const { manifest: read, hash } = verifyManifest(signed);
    assert.deepEqual(read, manifest);
    assert.equal(hash, sha256(signed.manifest));
  });

  it("finds every forgery", () => {
    const signed = signManifest(author, manifest);
    const other = createIdentity();
    const changed = encode({ ...manifest, samples: 65 });
    const forged = [
      { ...signed, manifest: changed },
      { ...signed, peer: other.peerId },
      { ...signed, signature: other.sign(signed.manifest) },
      // The right key over the bare bytes: a signature made for something else.
      { ...signed, signature: author.sign(signed.manifest) },
    ];
    for (const one of forged) assert.throws(() => verifyManifest(one), { code: "SIGNATURE_INVALID" });
  });

  it("refuses a manifest of its author's that is spelled otherwise than a node would", () => {
    const { manifest: bytes } = signManifest(author, manifest);
    const keys = Buffer.from(bytes).indexOf(Uint8Array.of(0x61, 0x76, 0x01));
    const rest = Buffer.concat([bytes.subarray(1, keys), bytes.subarray(keys + 3)]);
    const moved = Buffer.concat([bytes.subarray(0, 1), rest, Uint8Array.of(0x61, 0x76, 0x01)]);
    const signature = author.sign(manifestPreimage(moved));
    assert.throws(() => verifyManifest({ manifest: moved, peer: author.peerId, signature }), {
      code: "MESSAGE_MALFORMED",
      message: "manifest: not in canonical form",
    });
  });

  it("refuses a manifest that does not parse, before it looks at the signature", () => {
    const bad = [
      { ...manifest, steps: -1 },
      { ...manifest, lossNats: "1" },
      { ...manifest, v: 2 },
      [manifest],
    ];
    for (const body of bad) {
      const bytes = encode(body);
      assert.throws(
        () => verifyManifest({ manifest: bytes, peer: author.peerId, signature: author.sign(bytes) }),
        {
          code: "MESSAGE_MALFORMED",
        },
      );
    }
    const huge = { manifest: new Uint8Array(5000), peer: author.peerId, signature: new Uint8Array(64) };
    assert.throws(() => verifyManifest(huge), { code: "MESSAGE_TOO_LARGE" });
  });

  it("takes an inline payload only if it is the manifest's, and only from its author", () => {
    const signed = signManifest(author, manifest);
    const sent = (inline: Uint8Array | null) => updateTopic.encode({ ...signed, inline });
    assert.deepEqual(updateTopic.decode(sent(payload), author.peerId).inline, payload);
    assert.equal(updateTopic.decode(sent(null), author.peerId).verified.hash, sha256(signed.manifest));
    const wrong = [payload.subarray(1), new Uint8Array(1000), new Uint8Array()];
    for (const inline of wrong) {
      assert.throws(() => updateTopic.decode(sent(inline), author.peerId), { code: "BLOB_MISMATCH" });
    }
    assert.throws(() => updateTopic.decode(sent(payload), createIdentity().peerId), {
      code: "SIGNATURE_INVALID",
    });
    assert.throws(() => sent(new Uint8Array(INLINE_PAYLOAD_BYTES_MAX + 1)), { code: "MESSAGE_MALFORMED" });
  });
});
