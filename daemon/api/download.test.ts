import assert from "node:assert/strict";
import type { ErrorBody } from "../services/errors.js";
import { downloadOf, TEST_MODEL_HASH } from "../services/testing/download.js";
import { partOf } from "./download.js";
import type { ApiServer } from "./index.js";
import { startTestApi } from "./testing/api.js";

const BYTES = Buffer.from(Array.from({ length: 1000 }, (_, i) => i % 251));
const ETAG = `"${TEST_MODEL_HASH}"`;

describe("daemon/api: ranges of downloads", () => {
  const part = (headers: Record<string, string>, method = "GET") =>
    partOf((name) => headers[name] ?? "", method, ETAG, 1000);
  const range = (text: string, more: Record<string, string> = {}) => part({ Range: text, ...more });
  const bytes = (from: number, to: number) => ({ kind: "range", range: { from, to } });
  const whole = { kind: "whole" };

  it("are one, from the front, the middle or the end", () => {
    assert.deepEqual(range("bytes=0-0"), bytes(0, 1));
    assert.deepEqual(range("bytes=10-19"), bytes(10, 20));
    assert.deepEqual(range("bytes=990-"), bytes(990, 1000));
    assert.deepEqual(range("bytes=990-5000"), bytes(990, 1000));
    assert.deepEqual(range("bytes=-10"), bytes(990, 1000));
    assert.deepEqual(range("bytes=-5000"), bytes(0, 1000));
    assert.deepEqual(range("Bytes = 10-19"), bytes(10, 20));
  });

  it("are passed over where they are several, malformed, or of another unit", () => {
    for (const text of [
      "bytes=0-1,3-4",
      "bytes=",
      "bytes=-",
      "bytes=a-b",
      "bytes=5-4",
      "items=0-1",
      "bytes=1e3-",
    ])
      assert.deepEqual(range(text), whole, text);
    assert.deepEqual(range(`bytes=${"9".repeat(400)}-`), whole);
    assert.deepEqual(part({ Range: "bytes=0-1" }, "HEAD"), whole);
  });

  it("cannot be satisfied past the end", () => {
    for (const text of ["bytes=1000-", "bytes=1000-1001", "bytes=-0"])
      assert.deepEqual(range(text), { kind: "unsatisfiable" }, text);
  });

  it("are answered only of what the client has the beginning of", () => {
    assert.deepEqual(range("bytes=5-", { "If-Range": ETAG }), bytes(5, 1000));
    for (const other of ['"another"', `W/${ETAG}`, "Wed, 25 Nov 2026 09:00:00 GMT"])
      assert.deepEqual(range("bytes=5-", { "If-Range": other }), whole, other);
  });

  it("come after the question whether anything has changed", () => {
    for (const known of [ETAG, `W/${ETAG}`, `"x", ${ETAG}`, "*"])
      assert.deepEqual(range("bytes=5-", { "If-None-Match": known }), { kind: "unchanged" }, known);
    assert.deepEqual(part({ "If-None-Match": '"x"' }), whole);
  });

  describe("over HTTP", () => {
    let api: ApiServer;
    let opened: ReturnType<typeof downloadOf>[] = [];
    let formats: string[] = [];
    before(async () => {
      api = await startTestApi({
        models: {
          openVersion: async (_session, _height, format) => {
            formats.push(format);
            opened.push(downloadOf(BYTES, "x.tar"));
            return opened.at(-1) ?? null;
          },
        },
      });
    });
    after(() => api.stop());
    beforeEach(() => {
      opened = [];
      formats = [];
    });
    const ask = (headers: Record<string, string> = {}, method = "GET", query = "") =>
      fetch(`${api.address}/api/v1/models/training_789ghi/download${query}`, { method, headers });
    const bodyOf = async (response: Response) => Buffer.from(await response.arrayBuffer());

    it("are answered with 206 and where they lie", async () => {
      const response = await ask({ Range: "bytes=100-199" });
      assert.equal(response.status, 206);
      assert.equal(response.headers.get("content-range"), "bytes 100-199/1000");
      assert.equal(response.headers.get("content-length"), "100");
      assert.deepEqual(await bodyOf(response), BYTES.subarray(100, 200));
      const all = await ask({}, "GET", "?format=safetensors");
      assert.equal(all.status, 200);
      assert.equal(all.headers.get("etag"), ETAG);
      assert.equal(all.headers.get("x-model-hash"), TEST_MODEL_HASH);
      assert.equal(all.headers.get("accept-ranges"), "bytes");
      assert.deepEqual(await bodyOf(all), BYTES);
      assert.deepEqual(formats, ["tar", "safetensors"]);
      assert.equal((await ask({}, "GET", "?format=zip")).status, 400);
    });

    it("are refused with 416 and the length, and nothing stays open", async () => {
      const response = await ask({ Range: "bytes=1000-" });
      assert.equal(response.status, 416);
      assert.equal(response.headers.get("content-range"), "bytes */1000");
      const { error } = (await response.json()) as ErrorBody;
      assert.deepEqual([error.name, error.code], ["RANGE_NOT_SATISFIABLE", 1173]);
      const unchanged = await ask({ "If-None-Match": ETAG });
      assert.equal(unchanged.status, 304);
      assert.equal(unchanged.headers.get("etag"), ETAG);
      assert.equal((await bodyOf(unchanged)).length, 0);
      assert.deepEqual(
        opened.map((o) => o.closed),
        [1, 1],
      );
    });

    it("HEAD says how long it is, and reads nothing", async () => {
      const response = await ask({ Range: "bytes=0-9" }, "HEAD");
      assert.equal(response.status, 200);
      assert.equal(response.headers.get("content-length"), "1000");
      assert.equal(response.headers.get("content-type"), "application/x-tar");
      assert.equal(opened[0]?.closed, 1);
    });
  });
});
