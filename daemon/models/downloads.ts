/** A version as one downloadable file: a whole checkpoint with its history, or the weights alone. */
import type { ControlState, SessionState, StoredModel } from "../../consensus/control/index.js";
import type { Genesis } from "../../consensus/formation/index.js";
import type { Certificate } from "../../consensus/types.js";
import type { Hash } from "../../protocol/types.js";
import { openArchive, openWeights, type VersionSource } from "../../training/checkpoints/index.js";
import { TrainingError } from "../../training/errors.js";
import { sessionSpecSchema } from "../../training/session.js";
import { DaemonError } from "../errors.js";
import type { DownloadFormat, ModelDownload } from "../services/download.js";
import { ServiceError } from "../services/errors.js";
import type { BlobStore } from "../store/index.js";
import { lineageRecords } from "../swarm/lineage_records.js";
import type { LineageStore } from "../swarm/lineage_store.js";

export interface DownloadsInit {
  readonly genesis: Genesis;
  readonly blobs: Pick<BlobStore, "stat" | "pathOf">;
  readonly lineage: LineageStore;
  readonly state: () => ControlState;
}

const NO_CURSOR = { next: 0, holes: [] };

export class ModelDownloads {
  constructor(private readonly init: DownloadsInit) {}

  /**
   * A version that a session has committed.
   * @returns null when its bytes are not on this node
   * @throws ServiceError MODEL_CORRUPT, MODEL_NOT_FOUND, NOT_READY
   */
  async ofVersion(id: string, height: number, format: DownloadFormat): Promise<ModelDownload | null> {
    const session = sessionOf(this.init.state(), id);
    const certificate = await this.init.lineage.get(id, height);
    if (session === null || certificate === null) {
      throw new ServiceError("MODEL_NOT_FOUND", `this node has no certificate of ${id} at height ${height}`, {
        id,
        height,
      });
    }
    return this.committed(certificate, session.spec, `${id}-v${height}`, format);
  }

  /** A saved or uploaded model; else as `ofVersion`. */
  async ofModel(model: StoredModel, format: DownloadFormat): Promise<ModelDownload | null> {
    const { id, name, session, height, version, spec } = model;
    if (session === null) {
      const of = { session: id, height, version: version.hash, cursor: NO_CURSOR };
      return this.open({ ...of, spec }, nothing(), name, format);
    }
    const certificate = await this.init.lineage.get(session, height);
    if (certificate !== null) return this.committed(certificate, spec, name, format);
    throw notWhole(session, height);
  }

  /** Path of the verified file. @throws ServiceError MODEL_CORRUPT; what else the store throws */
  async verified(version: Hash): Promise<string> {
    try {
      return await this.init.blobs.pathOf(version);
    } catch (error) {
      throw corruptOf(error, version);
    }
  }

  private async committed(
    { decision }: Certificate,
    spec: unknown,
    name: string,
    format: DownloadFormat,
  ): Promise<ModelDownload | null> {
    const { genesis, lineage } = this.init;
    const { session, height, cursor, result } = decision;
    const gap = format === "tar" ? await lineage.highestGap(session, 0, height + 1) : null;
    if (gap !== null) throw notWhole(session, gap);
    const records = lineageRecords(genesis, lineage, session, height);
    return this.open({ session, height, version: result.hash, cursor, spec }, records, name, format);
  }

  private async open(
    { spec, ...of }: Omit<VersionSource, "spec" | "versionPath"> & { readonly spec: unknown },
    lineage: AsyncIterable<Uint8Array>,
    name: string,
    format: DownloadFormat,
  ): Promise<ModelDownload | null> {
    const { version } = of;
    if (!this.init.blobs.stat(version)) return null;
    const versionPath = await this.verified(version);
    const source = { ...of, spec: sessionSpecSchema.parse(spec), versionPath };
    try {
      if (format === "safetensors") {
        const file = await openWeights(source);
        const contentType = "application/octet-stream";
        return {
          ...file,
          filename: `${name}.safetensors`,
          contentType,
          etag: `"${version}"`,
          modelHash: version,
        };
      }
      const archive = await openArchive({ ...source, lineage });
      // Handovers that come later stand in it too: the same version alone does not make it the same bytes.
      const etag = `"${version}-${archive.lineage.slice("sha256:".length).slice(0, 16)}"`;
      const contentType = "application/x-tar";
      return { ...archive, filename: `${name}.tar`, contentType, etag, modelHash: version };
    } catch (error) {
      throw corruptOf(error, version);
    }
  }
}

/** Nobody here has signed an uploaded model. */
async function* nothing(): AsyncGenerator<Uint8Array> {}

/** What a door answers when a version's bytes turn out damaged: what they should have been, and were; or gone. */
function corruptOf(error: unknown, expected: Hash): unknown {
  // Newer versions have pushed it out this very moment.
  if (error instanceof Error && "code" in error && ["BLOB_MISSING", "ENOENT"].includes(String(error.code))) {
    const message = `this node does not hold version ${expected} any more`;
    return new ServiceError("MODEL_NOT_FOUND", message, { version: expected }, { cause: error });
  }
  const blob = error instanceof DaemonError && error.code === "BLOB_CORRUPT" ? error : null;
  if (blob === null && !(error instanceof TrainingError)) return error;
  const actual = typeof blob?.facts.actual === "string" ? blob.facts.actual : null;
  return new ServiceError("MODEL_CORRUPT", (error as Error).message, { expected, actual }, { cause: error });
}

function notWhole(session: string, height: number): ServiceError {
  const message = `the history of ${session} is not whole here yet: the certificate of height ${height} is being fetched; try again in a moment, or ask another node`;
  return new ServiceError("NOT_READY", message, { id: session, height });
}

function sessionOf(state: ControlState, id: string): SessionState | null {
  if (state.session?.id === id) return state.session;
  return state.past.find((s) => s.id === id) ?? null;
}
