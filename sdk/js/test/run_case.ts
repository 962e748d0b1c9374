/** Makes the call of one case and looks at what came. */
import assert from "node:assert/strict";
import { setTimeout } from "node:timers/promises";
import type { CallOptions, Download, SwarmClient } from "../src/index.js";
import { OPERATIONS, SwarmApiError } from "../src/index.js";
import type { Case } from "./case_file.js";
import { at, checkFields, filled } from "./case_values.js";

type Method = (...args: unknown[]) => unknown;
type Arguments = Readonly<Record<string, unknown>>;

/** What a download gives and an upload takes. */
interface Content {
  readonly bytes: Uint8Array;
  readonly type: string;
}

const AGAIN_MS = 200;
/** That a stream may take for all its items. */
const STREAM_MS = 60_000;
/** Where the method has another name here. */
const OWN_NAMES: Readonly<Record<string, string>> = { "events.stream": "events.subscribe" };

export class CaseRunner {
  private readonly clients = new Map<string, SwarmClient>();

  /**
   * @param saved what the cases may use, and save
   * @param connect a client without credentials, or with that token
   */
  constructor(
    private readonly saved: Map<string, unknown>,
    private readonly connect: (token?: string) => SwarmClient,
  ) {}

  /** @throws AssertionError */
  async run(one: Case): Promise<void> {
    const untilMs = Date.now() + (one.within_seconds ?? 0) * 1000;
    for (;;) {
      try {
        await this.attempt(one);
        return;
      } catch (error) {
        if (Date.now() >= untilMs) throw error;
        await setTimeout(AGAIN_MS);
      }
    }
  }

  private async attempt(template: Case): Promise<void> {
    const one = filled(template, this.saved) as Case;
    const { expect } = one;
    let answer: unknown;
    try {
      answer = await made(this.clientFor(one), one);
    } catch (error) {
      if (expect.error === undefined || !(error instanceof SwarmApiError)) throw error;
      assert.equal(error.name, expect.error, error.message);
      assert.notEqual(error.constructor, SwarmApiError, `${error.name} has no class of its own`);
      const { name, code, status, details, requestId, message } = error;
      checkFields({ name, code, status, details, message, request_id: requestId }, expect.fields);
      return;
    }
    const text = JSON.stringify(answer)?.slice(0, 300);
    assert.equal(expect.error, undefined, `it should have failed: ${text}`);
    checkFields(answer, expect.fields);
    for (const [name, path] of Object.entries(one.save ?? {})) {
      assert.notEqual(at(answer, path), undefined, `no ${path} to save`);
      this.saved.set(name, at(answer, path));
    }
  }

  private clientFor({ as = "admin", token }: Case): SwarmClient {
    if (token !== undefined) return this.connect(token);
    const client = this.clients.get(as) ?? this.connect();
    this.clients.set(as, client);
    return client;
  }
}

async function made(client: SwarmClient, one: Case): Promise<unknown> {
  const [group, snake] = (OWN_NAMES[one.method] ?? one.method).split(".") as [string, string];
  const target = (client as unknown as Record<string, Record<string, Method>>)[group];
  const method = target?.[camelCase(snake)];
  if (target === undefined || method === undefined) throw new Error(`the client has no ${one.method}`);
  const result = method.apply(target, argumentsOf(one));
  if (one.take !== undefined) return taken(result as AsyncIterable<unknown>, one.take, one.until);
  if (one.download !== true) return result;
  const download = (await result) as Download;
  const bytes = await download.bytes();
  const content: Content = { bytes, type: download.contentType };
  return { bytes: bytes.length, sha256: download.sha256, content };
}

/** Values of the path or what is uploaded first, then what else there is, then options of the call. */
function argumentsOf({ method, args = {}, upload }: Case): unknown[] {
  const { idempotency_key: idempotencyKey, ...named } = args;
  if (!Object.hasOwn(OPERATIONS, method)) return [inCamelCase(named)];
  const pathNames: readonly string[] = OPERATIONS[method as keyof typeof OPERATIONS].pathNames;
  const rest = Object.entries(named).filter(([name]) => !pathNames.includes(name));
  const content = upload as Content | undefined;
  const options: CallOptions = {
    ...(idempotencyKey === undefined ? {} : { idempotencyKey: String(idempotencyKey) }),
    ...(content === undefined ? {} : { contentType: content.type }),
  };
  return [
    ...pathNames.map((name) => named[name]),
    ...(content === undefined ? [] : [content.bytes]),
    ...(rest.length === 0 ? [] : [Object.fromEntries(rest)]),
    ...(Object.keys(options).length === 0 ? [] : [options]),
  ];
}

async function taken(stream: AsyncIterable<unknown>, most: number, until: Case["until"]): Promise<unknown[]> {
  const items: unknown[] = [];
  const iterator = stream[Symbol.asyncIterator]();
  const end = new AbortController();
  const late = setTimeout(STREAM_MS, "late" as const, { signal: end.signal });
  late.catch(() => undefined);
  try {
    while (items.length < most) {
      const next = await Promise.race([iterator.next(), late]);
      assert.notEqual(next, "late", `only ${items.length} items came: ${JSON.stringify(items.at(-1))}`);
      if (next === "late" || next.done === true) break;
      items.push(next.value);
      if (until !== undefined && fits(next.value, until)) return items;
    }
    assert.equal(until, undefined, `none of ${items.length} items is the last one`);
    return items;
  } finally {
    end.abort();
    void iterator.return?.();
  }
}

function fits(item: unknown, fields: Arguments): boolean {
  try {
    checkFields(item, fields);
    return true;
  } catch {
    return false;
  }
}

function inCamelCase(args: Arguments): Arguments {
  return Object.fromEntries(Object.entries(args).map(([name, value]) => [camelCase(name), value]));
}

function camelCase(snake: string): string {
  return snake.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
}
