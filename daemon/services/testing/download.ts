/** A download of given bytes, for tests; what was opened is counted, and what was closed. */
import { Readable } from "node:stream";
import type { ByteRange, ModelDownload } from "../download.js";

export const TEST_MODEL_HASH = `sha256:${"7".repeat(64)}`;

export function downloadOf(
  bytes: Buffer,
  filename: string,
  stream: (part: Buffer) => Readable = (part) => Readable.from([part]),
): ModelDownload & { closed: number } {
  const download = {
    filename,
    contentType: "application/x-tar",
    etag: `"${TEST_MODEL_HASH}"`,
    modelHash: TEST_MODEL_HASH,
    bytes: bytes.length,
    closed: 0,
    stream: (range?: ByteRange) => stream(bytes.subarray(range?.from ?? 0, range?.to ?? bytes.length)),
    close: async () => {
      download.closed += 1;
    },
  };
  return download;
}
