import assert from "node:assert/strict";
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { Readable } from "node:stream";
import { extract, type Header, pack } from "tar-stream";
import type { StoredModel } from "../../consensus/control/index.js";
import type { Hash } from "../../protocol/types.js";
import { readVersion } from "../../training/versions/index.js";
import type { ModelDownload } from "../services/download.js";
import { ServiceError, type ServiceErrorName } from "../services/errors.js";
import { UPLOADS_MAX } from "./intake.js";
import { LAYOUT, ModelsBench, SPEC } from "./testing/bench.js";

const fails =
  (name: ServiceErrorName, pattern = /./) =>
  (error: unknown) => {
    assert.ok(error instanceof ServiceError && error.name === name, String(error));
    assert.match(error.message, pattern);
    return true;
  };

describe("daemon/models", () => {
  let bench: ModelsBench;
  beforeEach(async () => {
    bench = await ModelsBench.open();
  });
  afterEach(() => bench.close());

  const bytesOf = async (download: ModelDownload | null): Promise<Buffer> => {
    assert.ok(download);
    const bytes = Buffer.concat(await download.stream().toArray());
    assert.equal(bytes.length, download.bytes);
    return bytes;
  };
  const save = (height: number, name: string | null = null) =>
    bench.models.save({ name, tags: {}, session: "s1", height, spec: SPEC });
  const upload = (
    bytes: Uint8Array,
    format: "tar" | "safetensors" = "tar",
    name: string | null = null,
    like: Pick<StoredModel, "spec"> | null = null,
  ) => bench.models.upload({ name, tags: {}, format, like }, Readable.from([bytes]));
  const modelOf = (id: string): StoredModel => {
    const model = bench.machine.state.models.find((m) => m.id === id);
    assert.ok(model);
    return model;
  };
  const left = () => readdir(bench.store.blobs.tempDir);

  it("saves a version with what it is read with, and pins its bytes", async () => {
    const [, first] = await bench.session("s1", 3);
    const id = await save(1, "kept");
    const hash = first?.decision.result.hash as Hash;
    const { name, kind, version, session, height, spec } = modelOf(id);
    assert.deepEqual([name, kind, version.hash, session, height], ["kept", "saved", hash, "s1", 1]);
    assert.deepEqual(spec, SPEC);
    assert.ok(bench.pins.has(hash));
    await bench.store.blobs.prune(bench.pins);
    assert.deepEqual(
      bench.store.blobs.list().map((ref) => ref.hash),
      [hash],
    );
    await assert.rejects(save(2), fails("MODEL_NOT_FOUND", /does not hold version 2/));
    await bench.models.delete(id);
    assert.ok(!bench.pins.has(hash));
  });

  it("gives what is saved as the session's own version was given", async () => {
    await bench.session("s1", 3);
    const model = modelOf(await save(1));
    assert.equal(model.name, model.id, "without a name it goes by its id");
    for (const format of ["tar", "safetensors"] as const) {
      const saved = await bytesOf(await bench.models.openModel(model, format));
      const own = await bytesOf(await bench.models.openVersion("s1", 1, format));
      assert.equal(Buffer.compare(saved, own), 0);
    }
    const weights = await bench.models.openModel(model, "safetensors");
    assert.equal(weights?.etag, `"${model.version.hash}"`);
    await weights?.close();
  });

  it("takes up what was downloaded, as a checkpoint or as weights, and finds the same values in it", async () => {
    await bench.session("s1", 3);
    const model = modelOf(await save(2));
    const tar = await bytesOf(await bench.models.openModel(model, "tar"));
    const weights = await bytesOf(await bench.models.openModel(model, "safetensors"));
    const whole = modelOf(await upload(tar));
    assert.deepEqual([whole.kind, whole.session, whole.height], ["uploaded", null, 2]);
    assert.equal(whole.version.hash, model.version.hash);
    const alone = modelOf(await upload(weights, "safetensors"));
    assert.equal(alone.height, 0);
    const path = await bench.store.blobs.pathOf(alone.version.hash);
    const version = await readVersion(path, LAYOUT, SPEC.strategy);
    assert.ok(version.weights.every((value) => value === 2.5));
    assert.ok(version.outer["outer.momentum"]?.every((value) => value === 0));
    // An uploaded one can be taken elsewhere again.
    const again = modelOf(await upload(await bytesOf(await bench.models.openModel(whole, "tar")), "tar"));
    assert.equal(again.version.hash, whole.version.hash);
    assert.deepEqual(await left(), []);
  });

  it("says that a model is damaged, what its hash should be, and what it is", async () => {
    const [certificate] = await bench.session("s1", 1);
    const model = modelOf(await save(0));
    const hash = certificate?.decision.result.hash as Hash;
    const path = await bench.store.blobs.pathOf(hash);
    const bytes = await readFile(path);
    bytes[bytes.length - 1] = (bytes.at(-1) as number) ^ 1;
    await writeFile(path, bytes);
    await assert.rejects(bench.models.openModel(model, "tar"), (error) => {
      assert.ok(error instanceof ServiceError && error.code === 1004, String(error));
      assert.equal(error.details.expected, hash);
      assert.match(String(error.details.actual), /^sha256:[0-9a-f]{64}$/);
      assert.notEqual(error.details.actual, hash);
      return true;
    });
    // It was put aside: now it is not here at all.
    assert.equal(await bench.models.openModel(model, "tar"), null);
  });

  it("says that a version is gone when its file is, whatever the index says", async () => {
    const [certificate] = await bench.session("s1", 1);
    const model = modelOf(await save(0));
    await rm(await bench.store.blobs.pathOf(certificate?.decision.result.hash as Hash));
    await assert.rejects(bench.models.openModel(model, "tar"), fails("MODEL_NOT_FOUND", /any more/));
  });

  it("refuses a name that is taken, before it takes an upload", async () => {
    await bench.session("s1", 1);
    await save(0, "kept");
    await assert.rejects(save(0, "kept"), fails("MODEL_EXISTS", /kept already/));
    const untouched = new Readable({ read: () => assert.fail("nothing is read") });
    const request = { name: "kept", tags: {}, format: "tar", like: null } as const;
    await assert.rejects(bench.models.upload(request, untouched), fails("MODEL_EXISTS"));
  });

  describe("refuses, and leaves nothing of it behind", () => {
    type Entries = { header: Header; bytes: Buffer }[];
    let entries: Entries;
    let tar: Buffer;
    let blobs: number;
    beforeEach(async () => {
      await bench.session("s1", 1);
      tar = await bytesOf(await bench.models.openVersion("s1", 0, "tar"));
      const reader = extract();
      reader.end(tar);
      entries = [];
      for await (const entry of reader) {
        const pieces: Uint8Array[] = [];
        for await (const piece of entry as AsyncIterable<Uint8Array>) pieces.push(piece);
        entries.push({ header: entry.header, bytes: Buffer.concat(pieces) });
      }
      blobs = bench.store.blobs.list().length;
    });
    afterEach(async () => {
      assert.deepEqual(await left(), []);
      assert.equal(bench.store.blobs.list().length, blobs);
      assert.deepEqual(bench.machine.state.models, []);
    });
    const repacked = async (change: (all: Entries) => Entries): Promise<Buffer> => {
      const archive = pack();
      for (const { header, bytes } of change(entries)) archive.entry(header, bytes);
      archive.finalize();
      const pieces: Uint8Array[] = [];
      for await (const piece of archive as AsyncIterable<Uint8Array>) pieces.push(piece);
      return Buffer.concat(pieces);
    };
    const invalid = async (bytes: Buffer, pattern: RegExp) =>
      assert.rejects(upload(bytes), fails("MODEL_INVALID", pattern));
    const fake = (change: Partial<Header>) =>
      repacked((all) => [...all, { header: { name: "x", ...change } as Header, bytes: Buffer.alloc(0) }]);

    it("paths, links, devices and names that are there already", async () => {
      await invalid(await fake({ name: "../../etc/passwd" }), /no part of a checkpoint/);
      await invalid(await fake({ name: "/etc/passwd" }), /no part of a checkpoint/);
      await invalid(await fake({ type: "symlink", linkname: "/etc/passwd" }), /is a symlink, not a file/);
      await invalid(await fake({ type: "character-device" }), /is a character-device, not a file/);
      await invalid(await fake({ type: "directory" }), /is a directory, not a file/);
      await invalid(await fake({ name: "config.json" }), /config.json stands there twice/);
    });

    it("what is cut, altered, empty or something else", async () => {
      await invalid(tar.subarray(0, tar.length - 700), /./);
      await invalid(Buffer.alloc(0), /missing|empty/);
      await invalid(Buffer.from("not a tar ".repeat(200)), /tar archive/);
      const altered = Buffer.from(tar);
      const at = altered.indexOf("model.safetensors") + 512 + 2000;
      altered[at] = (altered[at] as number) ^ 1;
      await invalid(altered, /./);
      await assert.rejects(upload(tar, "safetensors"), fails("MODEL_INVALID", /header/));
    });

    it("what is larger than there is room for, on its way", async () => {
      const small = await ModelsBench.open(4096);
      let sent = 0;
      const endless = new Readable({
        read() {
          sent += 1;
          this.push(sent > 1000 ? null : Buffer.alloc(1024));
        },
      });
      const request = { name: null, tags: {}, format: "tar", like: null } as const;
      await assert.rejects(
        small.models.upload(request, endless),
        fails("PAYLOAD_TOO_LARGE", /larger than 2048 bytes/),
      );
      assert.ok(sent < 200, `${sent} pieces were read`);
      assert.deepEqual(await readdir(small.store.blobs.tempDir), []);
      await small.close();
    });

    it("what the client stops sending, and what the swarm does not take", async () => {
      const cut = Readable.from(
        (async function* () {
          yield tar.subarray(0, 1000);
          throw new Error("the client has gone");
        })(),
      );
      const request = { name: null, tags: {}, format: "tar", like: null } as const;
      await assert.rejects(bench.models.upload(request, cut), fails("INVALID_REQUEST", /broke off/));
      bench.refusal = new ServiceError("MODELS_FULL", "no more", { committed: "no" });
      // Not the session's own version, whose bytes are here anyhow: that has other moments of its outer optimizer.
      const weights = await bytesOf(await bench.models.openVersion("s1", 0, "safetensors"));
      await assert.rejects(upload(weights, "safetensors"), fails("MODELS_FULL"));
    });

    it("more uploads at a time than there may be", async () => {
      const waiting = Array.from({ length: UPLOADS_MAX }, () => new Readable({ read: () => undefined }));
      const request = { name: null, tags: {}, format: "tar", like: null } as const;
      const running = Promise.allSettled(waiting.map((body) => bench.models.upload(request, body)));
      await assert.rejects(upload(tar), fails("UPLOADS_BUSY"));
      for (const body of waiting) body.destroy(new Error("the client has gone"));
      for (const outcome of await running) {
        assert.ok(outcome.status === "rejected");
        fails("INVALID_REQUEST")(outcome.reason);
      }
    });

    it("values that are not finite", async () => {
      const weights = await bytesOf(await bench.models.openVersion("s1", 0, "safetensors"));
      weights.writeFloatLE(Number.NaN, weights.length - 4);
      await assert.rejects(upload(weights, "safetensors"), fails("MODEL_INVALID", /is NaN/));
    });
  });

  it("loads a model: a session that starts from its bytes, pinned while it begins", async () => {
    await bench.session("s1", 2);
    const id = await save(1);
    bench.stop("s1");
    const model = modelOf(id);
    const loading = bench.models.load(model, 7);
    // As the rounds would: the committee certifies its first version.
    while (bench.machine.state.session?.id === "s1") await new Promise((resolve) => setTimeout(resolve, 1));
    const session = bench.machine.state.session;
    assert.ok(session);
    const { start, v, rounds, epochs } = session.spec as typeof SPEC;
    assert.deepEqual([v, rounds, epochs, session.rounds], [2, 7, null, 7]);
    assert.deepEqual(start, { model: id, version: model.version, height: 1 });
    await bench.models.delete(id);
    assert.ok(bench.pins.has(model.version.hash), "its model is gone, the session still needs it");
    const { decision } = await bench.version(session.id, 0);
    assert.deepEqual(await loading, { session: session.id, height: 0, hash: decision.result.hash });
    bench.stop(session.id);
    assert.ok(!bench.pins.has(model.version.hash));
  });

  it("says why the session of a model ended before it began", async () => {
    await bench.session("s1", 1);
    const id = await save(0);
    await assert.rejects(
      bench.models.load(modelOf(id), null),
      fails("TRAINING_IN_PROGRESS", /s1 is running/),
    );
    bench.stop("s1");
    const loading = bench.models.load(modelOf(id), null);
    while (bench.machine.state.session?.id === "s1") await new Promise((resolve) => setTimeout(resolve, 1));
    bench.stop(bench.machine.state.session?.id as string);
    await assert.rejects(loading, fails("CONSENSUS_FAILED", /is created from the model, but enough/));
  });
});
