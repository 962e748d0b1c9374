/**
 * A node's contribution to a round: a manifest signed by its author, and the payload itself when it is small.
 *
 * The signature covers the manifest's bytes as they are, so that they can be passed on, voted on and stored without
 * ever being encoded again; the payload is bound by its hash in the manifest and stays outside. The manifest commits
 * its author before it has seen anybody else's payload.
 */
import { z } from "zod";
import {
  blobRefSchema,
  bytesSchema,
  decode,
  encodeAs,
  hashSchema,
  nameSchema,
  naturalSchema,
  peerSchema,
} from "../codec.js";
import { ProtocolError } from "../errors.js";
import { sha256 } from "../hash.js";
import { SIGNATURE_BYTES, verifySignature } from "../identity.js";
import { INLINE_PAYLOAD_BYTES_MAX, MANIFEST_BYTES_MAX } from "../limits.js";
import type { Hash, Signer, Verify } from "../types.js";
import type { Topic } from "./topic.js";

export const updateManifestSchema = z.object({
  v: z.literal(1),
  session: nameSchema,
  round: naturalSchema,
  /** The version that the contribution starts from. */
  base: hashSchema,
  codec: nameSchema,
  contribution: z.enum(["pseudo_gradient", "gradient", "parameters"]),
  /** Inner steps done. */
  steps: naturalSchema,
  samples: naturalSchema,
  /** Mean training loss over those steps. */
  lossNats: z.number(),
  payload: blobRefSchema,
});
export type UpdateManifest = z.infer<typeof updateManifestSchema>;

export const signedManifestSchema = z.object({
  /** The encoded manifest: what the signature covers, and what is hashed to name it. */
  manifest: bytesSchema({ max: MANIFEST_BYTES_MAX }),
  /** Its author. */
  peer: peerSchema,
  /** Ed25519 over `"ncrsh-swarm/manifest/1\n" ‖ manifest`. */
  signature: bytesSchema({ exact: SIGNATURE_BYTES }),
});
export type SignedManifest = z.infer<typeof signedManifestSchema>;

const updateSchema = signedManifestSchema.extend({
  v: z.literal(1),
  inline: bytesSchema({ max: INLINE_PAYLOAD_BYTES_MAX }).nullable(),
});

export interface UpdateMessage extends SignedManifest {
  /** The payload, when it is small enough to travel in the gossip. */
  readonly inline: Uint8Array | null;
}

export interface VerifiedManifest {
  readonly manifest: UpdateManifest;
  /** SHA-256 of the manifest's bytes. */
  readonly hash: Hash;
}

export interface VerifiedUpdate extends UpdateMessage {
  readonly verified: VerifiedManifest;
}

const MANIFEST_DOMAIN = new TextEncoder().encode("ncrsh-swarm/manifest/1\n");

/** The bytes that an author signs: a domain tag, so that no other signature can pass for a manifest's, and the manifest. */
export function manifestPreimage(manifest: Uint8Array): Uint8Array {
  return Buffer.concat([MANIFEST_DOMAIN, manifest]);
}

export function signManifest(signer: Signer, manifest: UpdateManifest): SignedManifest {
  const bytes = encodeAs(updateManifestSchema, manifest, "manifest");
  return { manifest: bytes, peer: signer.peerId, signature: signer.sign(manifestPreimage(bytes)) };
}

/** @throws ProtocolError `MESSAGE_MALFORMED`, `MESSAGE_TOO_LARGE` or `SIGNATURE_INVALID` */
export function verifyManifest(signed: SignedManifest, verify: Verify = verifySignature): VerifiedManifest {
  const manifest = decode(updateManifestSchema, signed.manifest, {
    what: "manifest",
    maxBytes: MANIFEST_BYTES_MAX,
    canonical: true,
  });
  if (!verify(signed.peer, manifestPreimage(signed.manifest), signed.signature)) {
    throw new ProtocolError("SIGNATURE_INVALID", `manifest: not signed by ${signed.peer}`, {
      peer: signed.peer,
    });
  }
  return { manifest, hash: sha256(signed.manifest) };
}

const UPDATE_BYTES_MAX = INLINE_PAYLOAD_BYTES_MAX + MANIFEST_BYTES_MAX + 1024;

export const updateTopic: Topic<UpdateMessage, VerifiedUpdate> = {
  maxBytes: UPDATE_BYTES_MAX,
  perSecond: 5,
  burst: 20,
  encode: ({ manifest, peer, signature, inline }) =>
    encodeAs(updateSchema, { v: 1, manifest, peer, signature, inline }, "update"),
  decode(bytes, from) {
    const { manifest, peer, signature, inline } = decode(updateSchema, bytes, {
      what: "update",
      maxBytes: UPDATE_BYTES_MAX,
    });
    if (peer !== from) {
      throw new ProtocolError("SIGNATURE_INVALID", `update: signed by ${peer}, sent by ${from}`);
    }
    const message = { manifest, peer, signature, inline };
    const verified = verifyManifest(message);
    if (inline !== null) assertInline(inline, verified.manifest);
    return { ...message, verified };
  },
};

function assertInline(inline: Uint8Array, { payload }: UpdateManifest): void {
  if (inline.length === payload.bytes && sha256(inline) === payload.hash) return;
  throw new ProtocolError("BLOB_MISMATCH", "update: the inline payload is not the one in the manifest", {
    hash: payload.hash,
  });
}
