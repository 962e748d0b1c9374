/** An upload that is counted. */
import type { Progress, UploadSource } from "./operation.js";

/**
 * The same bytes as a stream that tells how many of them have gone. Browsers without streamed requests (all but
 * Chromium's) cannot send it: give them the source itself.
 */
export function counted(
  source: UploadSource,
  onProgress: (progress: Progress) => void,
): ReadableStream<Uint8Array> {
  const stream = streamOf(source);
  const total =
    source instanceof ReadableStream ? null : source instanceof Uint8Array ? source.length : source.size;
  let bytes = 0;
  return stream.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform: (chunk, controller) => {
        bytes += chunk.length;
        onProgress({ bytes, total });
        controller.enqueue(chunk);
      },
    }),
  );
}

function streamOf(source: UploadSource): ReadableStream<Uint8Array> {
  if (source instanceof ReadableStream) return source;
  return (source instanceof Uint8Array ? new Blob([source]) : source).stream();
}
