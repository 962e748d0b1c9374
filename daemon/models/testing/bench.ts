/** The models of a swarm of one: a real store and a real control state, with nobody to fetch from. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Command, ControlMachine, encodeCommand } from "../../../consensus/control/index.js";
import { Committee } from "../../../consensus/testing/committee.js";
import type { Certificate, Decision } from "../../../consensus/types.js";
import { createIdentity, identityBytes } from "../../../protocol/index.js";
import { layoutOf } from "../../../training/models/index.js";
import { specOf } from "../../../training/strategies/testing/spec.js";
import { writeVersion } from "../../../training/versions/index.js";
import { SERVICE_ERRORS, ServiceError, type ServiceErrorName } from "../../services/errors.js";
import type { ModelsPort } from "../../services/models.js";
import { openStore, type Store } from "../../store/index.js";
import { LineageStore } from "../../swarm/lineage_store.js";
import { ModelPins } from "../pins.js";
import { StoredModels } from "../stored_models.js";

const LOGGER = { info: () => undefined, warn: () => undefined };
export const SPEC = specOf();
export const LAYOUT = layoutOf(SPEC.model);

export class ModelsBench {
  readonly committee = new Committee(1);
  readonly machine = new ControlMachine(
    { swarm: "test", formation: this.committee.formation, voters: this.committee.names },
    this.committee.verify,
  );
  readonly pins = new ModelPins(() => this.machine.state);
  readonly models: StoredModels;
  /** What the swarm answers next, instead of deciding. */
  refusal: ServiceError | null = null;
  private index = 0;
  private last: Decision | null = null;

  private constructor(
    readonly folder: string,
    readonly store: Store,
    readonly lineage: LineageStore,
    storageBytesMax: number,
  ) {
    this.machine.configure({ voters: this.committee.names, learners: [] }, { index: ++this.index, term: 1 });
    this.models = new StoredModels({
      self: "voter-0",
      genesis: this.committee.founding,
      blobs: store.blobs,
      lineage,
      pins: this.pins,
      storageBytesMax,
      state: () => this.machine.state,
      submit: async (command) => this.submit(command),
    });
  }

  static async open(storageBytesMax = 2 ** 20): Promise<ModelsBench> {
    const folder = await mkdtemp(join(tmpdir(), "models-"));
    const store = await openStore(join(folder, "data"), {
      logger: LOGGER,
      createIdentity: () => identityBytes(createIdentity()),
    });
    return new ModelsBench(folder, store, new LineageStore(store.lineage), storageBytesMax);
  }

  async close(): Promise<void> {
    await this.store.close();
    await rm(this.folder, { recursive: true });
  }

  /** For the door: its methods by themselves. */
  get port(): ModelsPort {
    const { models } = this;
    return {
      openVersion: (session, height, format) => models.openVersion(session, height, format),
      openModel: (model, format) => models.openModel(model, format),
      certificate: (session, height) => models.certificate(session, height),
      save: (wanted) => models.save(wanted),
      upload: (wanted, body) => models.upload(wanted, body),
      delete: (id) => models.delete(id),
      load: (model, rounds) => models.load(model, rounds),
    };
  }

  apply(command: Command): void {
    const outcome = this.machine.apply(encodeCommand(command), { index: ++this.index, term: 1 });
    if (outcome.kind === "applied") return;
    const { code, reason } = outcome;
    if (!(code in SERVICE_ERRORS)) throw new Error(`${code}: ${reason}`);
    throw new ServiceError(code as ServiceErrorName, reason, { committed: "no" });
  }

  /** A session that has come this far, with a version of its own at every height. */
  async session(id: string, heights: number): Promise<Certificate[]> {
    const common = { participants: [], by: "voter-0", atMs: 1 };
    const { rounds } = SPEC;
    this.apply({ v: 1, type: "session.create", id, spec: SPEC, rounds, batches: null, ...common });
    this.last = null;
    const made: Certificate[] = [];
    for (let height = 0; height < heights; height++) made.push(await this.version(id, height));
    return made;
  }

  stop(id: string): void {
    this.apply({ v: 1, type: "session.stop", id, reason: "enough", atMs: 2 });
  }

  /** Values that tell one height from another. */
  async version(session: string, height: number): Promise<Certificate> {
    const { committee, store } = this;
    const weights = new Float32Array(LAYOUT.size).fill(height + 0.5);
    const outer = { "outer.momentum": new Float32Array(LAYOUT.size).fill(height + 1) };
    const path = store.blobs.tempPath();
    const { ref, chunkHashes } = await writeVersion(path, LAYOUT, SPEC.strategy, { height, weights, outer });
    await store.blobs.adopt(path, ref, chunkHashes);
    const change = { session, result: ref };
    const decision = this.last === null ? committee.genesis(change) : committee.next(this.last, change);
    const certificate = committee.certify(decision);
    const participants = committee.names;
    this.apply({ v: 1, type: "round.commit", certificate, participants, evaluation: null, atMs: 1 });
    await this.lineage.put(certificate);
    this.last = decision;
    return certificate;
  }

  private submit(command: Command): void {
    if (this.refusal !== null) throw this.refusal;
    this.apply(command);
    if (command.type === "session.create") this.last = null;
  }
}
