/** Models, whose bytes are checked on their way. */
import { Download, type DownloadOptions } from "./download.js";
import { ModelsGroup } from "./generated/groups.js";
import { OPERATIONS } from "./generated/operations.js";
import type { CallOptions } from "./operation.js";

export interface ModelDownloadOptions extends CallOptions, DownloadOptions {
  /** A checkpoint with all that the swarm agreed on, or the weights alone; the node's default when left out. */
  readonly format?: "tar" | "safetensors";
}

export class Models extends ModelsGroup {
  /** The model's bytes, to be iterated over or taken whole (`bytes()`); checked either way. */
  async download(model_id: string, options: ModelDownloadOptions = {}): Promise<Download> {
    const { format, onProgress, sha256, ...call } = options;
    const spec = OPERATIONS["models.download"];
    const ask = (headers: Readonly<Record<string, string>>) => {
      const input = { path: { model_id }, args: format === undefined ? {} : { format } };
      return this.transport.respond(spec, input, { ...call, headers: { ...call.headers, ...headers } });
    };
    const again = async (fromByte: number, etag: string) => {
      const response = await ask({ Range: `bytes=${fromByte}-`, "If-Range": etag });
      if (response.status === 206) return response;
      // It is another one by now, or this node sends no parts.
      await response.body?.cancel();
      return null;
    };
    const watched = {
      ...(onProgress === undefined ? {} : { onProgress }),
      ...(sha256 === undefined ? {} : { sha256 }),
    };
    return new Download(await ask({}), again, watched);
  }
}
