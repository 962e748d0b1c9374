/** Models, whose bytes are checked on their way. */
import { Download, type DownloadOptions } from "./download.js";
import { ModelsGroup, type ModelsUploadArgs } from "./generated/groups.js";
import { OPERATIONS } from "./generated/operations.js";
import type { Model } from "./generated/schemas.js";
import type { CallOptions, UploadSource } from "./operation.js";

export interface ModelDownloadOptions extends CallOptions, DownloadOptions {
  /** A checkpoint with all that the swarm agreed on, or the weights alone; the node's default when left out. */
  readonly format?: "tar" | "safetensors";
}

/** Values by name, or names alone; as a text, `stage=candidate,best`. */
export type ModelTags = Readonly<Record<string, string>> | readonly string[] | string;

export type ModelUploadArgs = Omit<ModelsUploadArgs, "tags"> & { readonly tags?: ModelTags };

export class Models extends ModelsGroup {
  override upload(
    source: UploadSource,
    { tags, ...args }: ModelUploadArgs = {},
    options?: CallOptions,
  ): Promise<Model> {
    const marked = tags === undefined ? args : { ...args, tags: tagsText(tags) };
    return super.upload(source, marked, options);
  }

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

/** There is no room for an object in a query. */
function tagsText(tags: ModelTags): string {
  if (typeof tags === "string") return tags;
  const pairs = Array.isArray(tags) ? tags.map((name): [string, string] => [name, ""]) : Object.entries(tags);
  return pairs.map(([name, value]) => (value === "" ? name : `${name}=${value}`)).join(",");
}
