/** Requests as the API document describes them, and whether the answers are what it shows. */
import assert from "node:assert/strict";
import { setTimeout } from "node:timers/promises";
import type { LocalNode } from "../../scripts/lib/local_swarm.js";
import type { Stage } from "./types.js";

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

export interface Call {
  readonly method?: string;
  readonly body?: string;
  readonly node?: LocalNode;
  /** The administrator's when left out; null: none is sent. */
  readonly key?: string | null;
}

/** @returns status and parsed body */
export async function call(
  stage: Stage,
  path: string,
  { method = "GET", body, node = stage.first, key = stage.key }: Call = {},
): Promise<{ status: number; answer: Json; headers: Headers }> {
  const response = await fetch(`${node.api.url}${path}`, {
    method,
    headers: {
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...(key === null ? {} : { authorization: `Bearer ${key}` }),
    },
    ...(body === undefined ? {} : { body }),
  });
  const text = await response.text();
  const isJson = response.headers.get("content-type")?.startsWith("application/json");
  return { status: response.status, answer: isJson ? JSON.parse(text) : text, headers: response.headers };
}

/** @throws AssertionError when it is refused, with what was answered */
export async function ok(stage: Stage, path: string, init: Call = {}): Promise<Json> {
  const { status, answer } = await call(stage, path, init);
  assert.ok(
    status >= 200 && status < 300,
    `${init.method ?? "GET"} ${path}: ${status} ${JSON.stringify(answer)}`,
  );
  return answer;
}

/** The value at a dotted path. */
export function at(value: Json, path: string): Json {
  let here: Json = value;
  for (const step of path.split(".")) {
    assert.ok(here !== null && typeof here === "object" && step in here, `${path}: there is no ${step}`);
    here = (here as { readonly [name: string]: Json })[step] as Json;
  }
  return here;
}

export function textAt(value: Json, path: string): string {
  const found = at(value, path);
  assert.equal(typeof found, "string", path);
  return String(found);
}

/**
 * Every field that the document shows is in the answer, with a value of the same type, or null where the answer does
 * not know it. An array is held against the first item that is shown.
 */
export function hasFields(answer: Json, shown: Json, path = "answer"): void {
  if (answer === null) return;
  if (Array.isArray(shown)) {
    assert.ok(Array.isArray(answer), `${path} is not a list`);
    assert.ok(answer.length > 0, `${path} is empty`);
    for (const item of answer) hasFields(item as Json, shown[0] as Json, `${path}[]`);
    return;
  }
  assert.equal(typeof answer, typeof shown, path);
  if (shown === null || typeof shown !== "object") return;
  for (const [name, value] of Object.entries(shown)) {
    assert.ok(name in (answer as object), `${path}.${name} is missing`);
    hasFields((answer as { readonly [name: string]: Json })[name] as Json, value as Json, `${path}.${name}`);
  }
}

/** Asks again until the answer is as `wanted`. */
export async function until(
  stage: Stage,
  path: string,
  wanted: (answer: Json) => boolean,
  timeoutMs = 60_000,
): Promise<Json> {
  const endMs = Date.now() + timeoutMs;
  for (;;) {
    const answer = await ok(stage, path);
    if (wanted(answer)) return answer;
    assert.ok(Date.now() < endMs, `${path} still answers ${JSON.stringify(answer)}`);
    await setTimeout(200);
  }
}
