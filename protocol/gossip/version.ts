/**
 * A committed version, with the certificate that proves it. The certificate's inside is consensus' business: here it
 * is bytes, and the check that the daemon installs decides.
 */
import { z } from "zod";
import { bytesSchema, decode, encodeAs } from "../codec.js";
import { CERTIFICATE_BYTES_MAX } from "../limits.js";
import type { Topic } from "./topic.js";

export const versionAnnouncementSchema = z.object({
  v: z.literal(1),
  /** Deterministic CBOR of a certificate: `consensus/votes/schemas.ts`. */
  certificate: bytesSchema({ max: CERTIFICATE_BYTES_MAX }),
});
export type VersionAnnouncement = z.infer<typeof versionAnnouncementSchema>;

const VERSION_BYTES_MAX = CERTIFICATE_BYTES_MAX + 256;

export const versionTopic: Topic<VersionAnnouncement> = {
  maxBytes: VERSION_BYTES_MAX,
  perSecond: 5,
  burst: 20,
  encode: (message) => encodeAs(versionAnnouncementSchema, message, "version"),
  decode: (bytes) =>
    decode(versionAnnouncementSchema, bytes, { what: "version", maxBytes: VERSION_BYTES_MAX }),
};
