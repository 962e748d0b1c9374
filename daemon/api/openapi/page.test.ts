import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { Registry } from "prom-client";
import type { ApiServer } from "../index.js";
import { swarmSurface } from "../swarm/index.js";
import { startTestApi } from "../testing/api.js";
import { openApiDocument } from "./document.js";
import { escaped, inline } from "./html.js";
import { referencePage } from "./page.js";

const surface = swarmSurface(new Registry());

describe("daemon/api/openapi: reference page", () => {
  const document = openApiDocument(surface, "1.2.3");
  const page = referencePage(document);

  it("has a section for every route", () => {
    for (const { id } of surface.routes)
      assert.ok(page.includes(`<section class="operation" id="${id}">`), id);
  });

  it("links only to places that it has", () => {
    const ids = [...page.matchAll(/ id="([^"]+)"/g)].map((m) => m[1] as string);
    assert.deepEqual([...new Set(ids)], ids);
    for (const [, target] of page.matchAll(/href="#([^"]+)"/g))
      assert.ok(ids.includes(target as string), target);
  });

  it("has no script and loads nothing", () => {
    assert.doesNotMatch(page, /<script|<img|<link|<iframe|\bon\w+=|@import|url\(/i);
    for (const [, target] of page.matchAll(/(?:href|src)="([^"]+)"/g))
      assert.match(target as string, /^[#/]/);
  });

  it("cannot be made to contain markup by what a document says", () => {
    const hostile = openApiDocument(
      { name: "x", title: `<script>alert("1")</script>`, routes: [] },
      "</style><script>",
    );
    assert.doesNotMatch(referencePage(hostile), /<script/);
    assert.equal(escaped(`<a href='x'>&"`), "&lt;a href=&#39;x&#39;&gt;&amp;&quot;");
    assert.equal(inline("`<b>` is **<i>**"), "<code>&lt;b&gt;</code> is <strong>&lt;i&gt;</strong>");
  });

  describe("as it is served", () => {
    let api: ApiServer;
    before(async () => {
      api = await startTestApi();
    });
    after(() => api.stop());

    it("allows its own style, by its hash, and nothing else", async () => {
      const response = await fetch(`${api.address}/api/v1/docs`);
      assert.match(response.headers.get("content-type") ?? "", /^text\/html/);
      const policy = response.headers.get("content-security-policy") ?? "";
      const style = /<style>([\s\S]*?)<\/style>/.exec(await response.text())?.[1] ?? "";
      const hash = createHash("sha256").update(style).digest("base64");
      assert.equal(
        policy,
        `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
      );
    });

    it("is not sent again to who has it", async () => {
      for (const path of ["/api/v1/docs", "/api/v1/openapi.json"]) {
        const first = await fetch(api.address + path);
        await first.text();
        const etag = first.headers.get("etag") ?? "";
        const again = await fetch(api.address + path, { headers: { "If-None-Match": `"x", W/${etag}` } });
        assert.equal(again.status, 304);
        assert.equal(await again.text(), "");
      }
    });

    it("documents exactly what is served", async () => {
      const served = (await (await fetch(`${api.address}/api/v1/openapi.json`)).json()) as typeof document;
      assert.deepEqual(served.paths, JSON.parse(JSON.stringify(document.paths)));
    });
  });
});
