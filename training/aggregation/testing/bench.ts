/** A folder with a base version and payloads in it, for the tests of aggregation. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { codecOf } from "../../codecs/index.js";
import { layoutOf } from "../../models/index.js";
import type { SessionSpec } from "../../session.js";
import { specOf } from "../../strategies/testing/spec.js";
import { aggregate } from "../aggregate.js";
import type { AggregationRequest, AggregationResult, UpdateInput } from "../types.js";

export class Bench {
  private outputs = 0;

  private constructor(
    readonly folder: string,
    readonly spec: SessionSpec,
    readonly size: number,
  ) {}

  static async create(rest: Partial<SessionSpec> = {}): Promise<Bench> {
    const spec = specOf({}, {}, { codec: "fp32", ...rest });
    return new Bench(await mkdtemp(join(tmpdir(), "aggregation-")), spec, layoutOf(spec.model).size);
  }

  remove(): Promise<void> {
    return rm(this.folder, { recursive: true });
  }

  request(
    height: number,
    updates: readonly UpdateInput[],
    base: AggregationResult | null,
  ): AggregationRequest {
    const outPath = join(this.folder, `out-${this.outputs++}`);
    const source = base === null ? null : { hash: base.ref.hash, path: this.baseFile };
    return { spec: this.spec, height, base: source, contribution: "pseudo_gradient", updates, outPath };
  }

  private baseFile = "";

  /** The first version. */
  async genesis(): Promise<AggregationResult> {
    const request = this.request(0, [], null);
    this.baseFile = request.outPath;
    return aggregate(request);
  }

  /** A payload of these values in the session's codec (or `bytes` as they are). */
  async update(peer: string, values: Float32Array | Uint8Array, samples = 10): Promise<UpdateInput> {
    const path = join(this.folder, `update-${peer}-${this.outputs++}`);
    const bytes = values instanceof Float32Array ? codecOf(this.spec.codec).encode(values) : values;
    await writeFile(path, bytes);
    return { peer, steps: 1, samples, path };
  }

  /** A vector of the model's size. */
  vector(of: (index: number) => number): Float32Array {
    return Float32Array.from({ length: this.size }, (_, i) => of(i));
  }
}
