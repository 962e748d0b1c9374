import assert from "node:assert/strict";
import { generateKeyPair } from "@libp2p/crypto/keys";
import { peerIdFromPrivateKey, peerIdFromString } from "@libp2p/peer-id";
import fc from "fast-check";
import {
  createIdentity,
  identityBytes,
  identityFromBytes,
  identityFromSeed,
  publicBytesOf,
  verifySignature,
} from "./identity.js";

const message = new TextEncoder().encode("round 7");

describe("protocol/identity", () => {
  it("derives the same peer id from the same seed, and survives its own bytes", () => {
    const seed = new Uint8Array(32).fill(7);
    const identity = identityFromSeed(seed);
    // Golden: libp2p's identity multihash of the Ed25519 key of this seed.
    assert.equal(identity.peerId, "12D3KooWRawPbxPtP1eZaJpumGnyWX2DcUyd3RQnydr3eAto4Az7");
    const again = identityFromBytes(identityBytes(identity));
    assert.equal(again.peerId, identity.peerId);
    assert.deepEqual(again.sign(message), identity.sign(message));
    assert.notEqual(createIdentity().peerId, createIdentity().peerId);
  });

  it("signs and verifies exactly as libp2p does", async () => {
    for (let i = 0; i < 5; i++) {
      const identity = createIdentity();
      const ours = identity.sign(message);
      const theirs = await identity.privateKey.sign(message);
      assert.deepEqual(Buffer.from(ours), Buffer.from(theirs));
      assert.ok(await identity.privateKey.publicKey.verify(message, ours));
      assert.ok(verifySignature(identity.peerId, message, theirs));
      assert.deepEqual(publicBytesOf(identity.peerId), identity.publicBytes);
    }
  });

  it("is false for another message, signer or signature, and never throws", async () => {
    const identity = createIdentity();
    const signature = identity.sign(message);
    const rsa = peerIdFromPrivateKey(await generateKeyPair("secp256k1")).toString();
    const asCid = peerIdFromString(identity.peerId).toCID().toString();
    assert.ok(verifySignature(identity.peerId, message, signature));
    for (const peer of [createIdentity().peerId, rsa, asCid, "", "12D3KooW", "x".repeat(100_000), "🦊"]) {
      assert.equal(verifySignature(peer, message, signature), false, peer.slice(0, 60));
    }
    assert.equal(verifySignature(identity.peerId, message.subarray(1), signature), false);
    fc.assert(
      fc.property(fc.string(), fc.uint8Array({ maxLength: 80 }), (peer, bytes) => {
        assert.equal(verifySignature(peer, message, bytes), false);
        assert.equal(verifySignature(identity.peerId, message, bytes), false);
      }),
    );
  });

  it("refuses keys that are none, in words", async () => {
    assert.throws(() => identityFromSeed(new Uint8Array(31)), {
      code: "IDENTITY_INVALID",
      message: /32 bytes.*31/,
    });
    assert.throws(() => identityFromBytes(new Uint8Array(40)), { code: "IDENTITY_INVALID" });
    const { privateKeyToProtobuf } = await import("@libp2p/crypto/keys");
    const other = privateKeyToProtobuf(await generateKeyPair("secp256k1"));
    assert.throws(() => identityFromBytes(other), { code: "IDENTITY_INVALID", message: /only Ed25519/ });
  });
});
