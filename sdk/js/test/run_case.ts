/** Makes the call of one case and looks at what came. */
import assert from "node:assert/strict";
import { setTimeout } from "node:timers/promises";
import type { Download, SwarmClient } from "../src/index.js";
import { OPERATIONS, SwarmApiError } from "../src/index.js";
import type { Case } from "./case_file.js";
import { at, checkField, filled } from "./case_values.js";

type Method = (...args: unknown[]) => unknown;
const AGAIN_MS = 200;

/** Saves what the case says in `saved`. @throws AssertionError */
export async function runCase(client: SwarmClient, one: Case, saved: Map<string, unknown>): Promise<void> {
  const untilMs = Date.now() + (one.within_seconds ?? 0) * 1000;
  for (;;) {
    try {
      await attempt(client, one, saved);
      return;
    } catch (error) {
      if (Date.now() >= untilMs) throw error;
      await setTimeout(AGAIN_MS);
    }
  }
}

async function attempt(client: SwarmClient, one: Case, saved: Map<string, unknown>): Promise<void> {
  const args = filled(one.args ?? {}, saved) as Record<string, unknown>;
  const expect = filled(one.expect, saved) as Case["expect"];
  let answer: unknown;
  try {
    answer = await made(client, one, args);
  } catch (error) {
    if (expect.error === undefined || !(error instanceof SwarmApiError)) throw error;
    assert.equal(error.name, expect.error, error.message);
    const { name, code, status, details, requestId, message } = error;
    check({ name, code, status, details, message, request_id: requestId }, expect.fields);
    return;
  }
  assert.equal(expect.error, undefined, `it should have failed: ${JSON.stringify(answer)?.slice(0, 300)}`);
  check(answer, expect.fields);
  for (const [name, path] of Object.entries(one.save ?? {})) {
    assert.notEqual(at(answer, path), undefined, `no ${path} to save`);
    saved.set(name, at(answer, path));
  }
}

async function made(client: SwarmClient, one: Case, args: Record<string, unknown>): Promise<unknown> {
  const [group, snake] = one.method.split(".") as [string, string];
  const name = snake.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
  const target = (client as unknown as Record<string, Record<string, Method>>)[group];
  const method = target?.[name];
  if (target === undefined || method === undefined) throw new Error(`the client has no ${group}.${name}`);
  const result = method.apply(target, positional(one.method, args));
  if (one.take !== undefined) return taken(result as AsyncIterable<unknown>, one.take);
  if (one.download !== true) return result;
  const download = (await result) as Download;
  const { length: bytes } = await download.bytes();
  return { bytes, sha256: download.sha256 };
}

/** Values of the path first, then what else there is. */
function positional(id: string, args: Record<string, unknown>): unknown[] {
  const spec = Object.hasOwn(OPERATIONS, id) ? OPERATIONS[id as keyof typeof OPERATIONS] : null;
  const pathNames: readonly string[] = spec?.pathNames ?? [];
  const rest = Object.entries(args).filter(([name]) => !pathNames.includes(name));
  return [...pathNames.map((name) => args[name]), ...(rest.length === 0 ? [] : [Object.fromEntries(rest)])];
}

async function taken(stream: AsyncIterable<unknown>, count: number): Promise<unknown[]> {
  const items: unknown[] = [];
  for await (const item of stream) {
    items.push(item);
    if (items.length >= count) break;
  }
  return items;
}

function check(value: unknown, fields: Case["expect"]["fields"] = {}): void {
  for (const [path, expected] of Object.entries(fields)) checkField(at(value, path), expected, path);
}
