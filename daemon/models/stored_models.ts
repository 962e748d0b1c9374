/** Saving, uploading, deleting and loading models: bytes here, decisions in the log. */
import { randomBytes } from "node:crypto";
import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { Command, ControlState, StoredModel } from "../../consensus/control/index.js";
import type { Certificate } from "../../consensus/types.js";
import type { Hash } from "../../protocol/types.js";
import { type SessionSpec, sessionSpecSchema } from "../../training/session.js";
import { totalBatchesOf } from "../rounds/context.js";
import type { DownloadFormat, ModelDownload } from "../services/download.js";
import { ServiceError } from "../services/errors.js";
import type { LoadedModel, ModelsPort, SaveModel, UploadModel } from "../services/models.js";
import type { BlobStore } from "../store/index.js";
import type { LineageStore } from "../swarm/lineage_store.js";
import { type DownloadsInit, ModelDownloads } from "./downloads.js";
import { ModelIntake } from "./intake.js";
import type { ModelPins } from "./pins.js";

/** How much of `storage.max_bytes` saved and uploaded models may take; the rest is for versions and updates. */
const STORAGE_SHARE = 0.5;
/** A session that was created from a model has its first version after this long, or the answer says that it has not. */
export const LOAD_WAIT_MS = 25_000;
/** Between two looks for that first version. */
const LOAD_POLL_MS = 50;
/** The bytes of a version whose certificate is here are waited for so long before it is not held. */
const ARRIVAL_WAIT_MS = 2_000;
/** Between two looks for them. */
const ARRIVAL_POLL_MS = 25;

export interface StoredModelsInit extends DownloadsInit {
  readonly self: string;
  readonly blobs: BlobStore;
  readonly lineage: LineageStore;
  readonly pins: ModelPins;
  readonly storageBytesMax: number;
  /** Resolves once the command is committed and `done` holds here. @throws ServiceError */
  readonly submit: (command: Command, done: () => boolean) => Promise<void>;
}

export class StoredModels implements ModelsPort {
  private readonly downloads: ModelDownloads;
  private readonly intake: ModelIntake;

  constructor(private readonly init: StoredModelsInit) {
    this.downloads = new ModelDownloads(init);
    this.intake = new ModelIntake(init);
  }

  stop(): void {
    this.intake.stop();
  }

  openVersion(session: string, height: number, format: DownloadFormat): Promise<ModelDownload | null> {
    return this.downloads.ofVersion(session, height, format);
  }

  openModel(model: StoredModel, format: DownloadFormat): Promise<ModelDownload | null> {
    return this.downloads.ofModel(model, format);
  }

  certificate(session: string, height: number): Promise<Certificate | null> {
    return this.init.lineage.get(session, height);
  }

  async save({ name, tags, session, height, spec }: SaveModel): Promise<string> {
    if (name !== null) this.assertNew(name);
    const certificate = await this.init.lineage.get(session, height);
    const version = certificate?.decision.result;
    if (version === undefined || !(await this.arrives(version.hash))) {
      const message = `this node does not hold version ${height} of session ${session}: save the latest, or ask a node that has it`;
      throw new ServiceError("MODEL_NOT_FOUND", message, { session_id: session, height });
    }
    return this.init.pins.during(version.hash, async () => {
      await this.downloads.verified(version.hash);
      return this.add({ name, tags, kind: "saved", version, spec, session, height });
    });
  }

  /** A version is certified a moment before the last voter has written its bytes. */
  private async arrives(hash: Hash): Promise<boolean> {
    const { blobs } = this.init;
    for (
      const untilMs = Date.now() + ARRIVAL_WAIT_MS;
      blobs.stat(hash) === undefined;
      await sleep(ARRIVAL_POLL_MS)
    )
      if (Date.now() >= untilMs) return false;
    return true;
  }

  async upload({ name, tags, format, like }: UploadModel, body: Readable): Promise<string> {
    if (name !== null) this.assertNew(name);
    const taken = await this.intake.take(body, format, like && specOf(like), this.room());
    const { ref: version, spec, height } = taken;
    return this.init.pins.during(version.hash, async () => {
      try {
        return await this.add({ name, tags, kind: "uploaded", version, spec, session: null, height });
      } catch (error) {
        const undecided = error instanceof ServiceError && error.details.committed === "unknown";
        // It may still be committed: then the bytes are needed, and else the next sweep has them.
        if (!undecided) await taken.undo();
        throw error;
      }
    });
  }

  async delete(id: string): Promise<void> {
    const { self, submit, state } = this.init;
    await submit({ v: 1, type: "model.delete", id, by: self, atMs: Date.now() }, () =>
      state().models.every((m) => m.id !== id),
    );
  }

  async load(model: StoredModel, rounds: number | null): Promise<LoadedModel> {
    const { self, submit, state } = this.init;
    const spec = startingFrom(model, rounds);
    const id = `training_${randomBytes(6).toString("hex")}`;
    const atMs = Date.now();
    const batches = totalBatchesOf(spec);
    const create = { v: 1, type: "session.create", id, spec, rounds: spec.rounds, batches } as const;
    await submit(
      { ...create, participants: [], by: self, atMs, model: model.id },
      () => state().session?.id === id,
    );
    return this.firstVersion(id);
  }

  private async firstVersion(id: string): Promise<LoadedModel> {
    const { lineage, state } = this.init;
    const untilMs = Date.now() + LOAD_WAIT_MS;
    for (;;) {
      const certificate = await lineage.get(id, 0);
      if (certificate !== null) return { session: id, height: 0, hash: certificate.decision.result.hash };
      const { session } = state();
      const ended = session !== null && session.id === id && session.endedAtMs !== null ? session : null;
      const over = ended === null ? null : (ended.reason ?? ended.status);
      if (over !== null || Date.now() >= untilMs) {
        const why = over ?? `its first version is not certified after ${LOAD_WAIT_MS} ms`;
        const message = `session ${id} is created from the model, but ${why}; GET /api/v1/training/status says how it goes on`;
        throw new ServiceError("CONSENSUS_FAILED", message, { session_id: id, committed: "yes" });
      }
      await new Promise((resolve) => setTimeout(resolve, LOAD_POLL_MS));
    }
  }

  private async add(
    of: Omit<StoredModel, "id" | "name" | "by" | "atMs"> & { readonly name: string | null },
  ): Promise<string> {
    const { self, submit, state } = this.init;
    const room = this.room();
    if (of.version.bytes > room) {
      const message = `the model has ${of.version.bytes} bytes, and storage.max_bytes leaves ${room} for models here: delete one, or raise it`;
      throw new ServiceError("MODELS_FULL", message, { bytes: of.version.bytes, limit_bytes: room });
    }
    const id = `model_${randomBytes(6).toString("hex")}`;
    const name = of.name ?? id;
    this.assertNew(name);
    const model: StoredModel = { ...of, id, name, by: self, atMs: Date.now() };
    await submit({ v: 1, type: "model.add", model }, () => state().models.some((m) => m.id === id));
    return id;
  }

  /** The log has the last word; before an upload is taken, this one saves it the way. */
  private assertNew(name: string): void {
    const known = this.init.state().models.find((m) => m.name === name);
    if (known === undefined) return;
    const message = `there is a model named ${name} already (${known.id})`;
    throw new ServiceError("MODEL_EXISTS", message, { name, model_id: known.id });
  }

  /** Bytes that one more model may have. */
  private room(): number {
    const { models }: Pick<ControlState, "models"> = this.init.state();
    const sizes = new Map(models.map(({ version }) => [version.hash, version.bytes]));
    const taken = [...sizes.values()].reduce((sum, bytes) => sum + bytes, 0);
    return Math.max(0, Math.floor(this.init.storageBytesMax * STORAGE_SHARE) - taken);
  }
}

function specOf(model: Pick<StoredModel, "spec">): SessionSpec {
  const parsed = sessionSpecSchema.safeParse(model.spec);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const message = `this node cannot read the model's spec: ${issue?.path.join(".")}: ${issue?.message}`;
  throw new ServiceError("MODEL_INVALID", message);
}

/** As it was trained, from its weights on; its data from their beginning. */
function startingFrom(model: StoredModel, rounds: number | null): SessionSpec {
  const spec = specOf(model);
  const { id, version, height } = model;
  const start = { model: id, version, height };
  if (rounds === null) return { ...spec, v: 2, start };
  const totalSteps = Math.min(1_000_000_000, rounds * spec.strategy.innerSteps);
  const warmupSteps = Math.min(spec.optimizer.warmupSteps, totalSteps);
  return {
    ...spec,
    v: 2,
    start,
    rounds,
    epochs: null,
    optimizer: { ...spec.optimizer, totalSteps, warmupSteps },
  };
}
