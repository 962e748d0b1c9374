/**
 * The bytes of every message, as nodes of this version send them. A change here is a change of the wire format.
 * After an intended one: `UPDATE_GOLDEN=1 npm test -- --grep "golden bytes"`, and review the diff.
 */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import type { z } from "zod";
import { blobAnswerSchema, blobRequestSchema } from "./blobs/messages.js";
import { decode, encode, encodeAs } from "./codec.js";
import { heartbeatTopic } from "./gossip/heartbeat.js";
import { progressTopic } from "./gossip/progress.js";
import { manifestPreimage, signManifest, updateTopic } from "./gossip/update.js";
import { versionTopic } from "./gossip/version.js";
import { blobRefOf, sha256 } from "./hash.js";
import { helloAnswerSchema, helloOf, helloSchema, helloVerdictSchema } from "./hello.js";
import { identityFromSeed } from "./identity.js";
import { answerHeaderSchema, requestHeaderSchema } from "./rpc.js";
import golden from "./testdata/messages.json" with { type: "json" };

const identity = identityFromSeed(new Uint8Array(32).fill(1));
const payload = Uint8Array.of(1, 2, 3);
const hash = sha256(payload);
const manifest = {
  v: 1 as const,
  session: "training_1",
  round: 7,
  base: hash,
  codec: "int8",
  contribution: "pseudo_gradient" as const,
  steps: 30,
  samples: 480,
  lossNats: 2.25,
  payload: blobRefOf(payload),
};
const signed = signManifest(identity, manifest);
const progress = {
  v: 1 as const,
  kind: "progress" as const,
  session: "training_1",
  round: 7,
  steps: 3,
  samples: 48,
  lossNats: 2.5,
  samplesPerSecond: 12.5,
};
const evaluation = {
  v: 1 as const,
  kind: "evaluation" as const,
  session: "training_1",
  height: 8,
  version: hash,
  lossNats: 2,
  accuracy: null,
  samples: 64,
  part: 0,
  parts: 4,
};
const heartbeat = {
  v: 1 as const,
  name: "red",
  zone: "",
  version: "0.1.0",
  role: "voter",
  backend: "wasm",
  canTrain: true,
  session: "training_1",
  reason: null,
  phase: "training",
  round: 7,
  height: 6,
  versionHash: hash,
  samplesPerSecond: 12.5,
  memoryUsedBytes: 2e9,
  memoryTotalBytes: 8e9,
  appliedIndex: 99,
  apiAddress: "10.0.0.1:8080",
  addresses: ["/ip4/10.0.0.1/tcp/9473"],
  leaving: false,
};
const hello = helloOf({ swarm: "default", name: "red", version: "0.1.0", formation: hash });

const wire = <T>(schema: z.ZodType<T>, value: T): Uint8Array => encodeAs(schema, value, "golden");
const MESSAGES: Record<string, Uint8Array> = {
  hello: wire(helloSchema, hello),
  helloAnswer: wire(helloAnswerSchema, { v: 1, hello, refusal: "different swarm ids" }),
  helloVerdict: wire(helloVerdictSchema, { v: 1, refusal: null }),
  manifest: signed.manifest,
  manifestPreimage: manifestPreimage(signed.manifest),
  manifestSignature: signed.signature,
  update: updateTopic.encode({ ...signed, inline: payload }),
  progress: progressTopic.encode(progress),
  evaluation: progressTopic.encode(evaluation),
  version: versionTopic.encode({ v: 1, certificate: Uint8Array.of(0xa0) }),
  heartbeat: heartbeatTopic.encode(heartbeat),
  rpcRequest: wire(requestHeaderSchema, { v: 1, method: "vote" }),
  rpcAnswer: wire(answerHeaderSchema, { v: 1, error: { code: "NOT_LEADER", message: "ask another" } }),
  blobRequestChunks: wire(blobRequestSchema, { v: 1, hash, want: { kind: "chunks" } }),
  blobRequestRange: wire(blobRequestSchema, { v: 1, hash, want: { kind: "range", from: 4, count: 2 } }),
  blobAnswer: wire(blobAnswerSchema, { v: 1, status: "ok", bytes: 3 }),
};

describe("protocol: golden bytes", () => {
  const hex = Object.fromEntries(
    Object.entries(MESSAGES).map(([name, bytes]) => [name, Buffer.from(bytes).toString("hex")]),
  );

  it("has not changed the wire format", () => {
    if (process.env.UPDATE_GOLDEN) {
      writeFileSync("protocol/testdata/messages.json", `${JSON.stringify(hex, null, 2)}\n`);
      return;
    }
    assert.deepEqual(hex, golden);
  });

  it("still reads what it wrote, and fields that a later version may add", () => {
    const bytes = (name: string) => Buffer.from((golden as Record<string, string>)[name] ?? "", "hex");
    assert.deepEqual(updateTopic.decode(bytes("update"), identity.peerId).verified.manifest, manifest);
    assert.deepEqual(progressTopic.decode(bytes("progress"), "p"), progress);
    assert.deepEqual(progressTopic.decode(bytes("evaluation"), "p"), evaluation);
    assert.deepEqual(heartbeatTopic.decode(bytes("heartbeat"), "p"), heartbeat);
    assert.deepEqual(heartbeatTopic.decode(encode({ ...heartbeat, later: 1 }), "p"), heartbeat);
    assert.deepEqual(decode(helloSchema, bytes("hello"), { what: "hello", maxBytes: 4096 }), hello);
  });
});
