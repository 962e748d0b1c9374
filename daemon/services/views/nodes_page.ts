/** Which nodes a list shows, in which order, and where a page ends; stable while nodes come and go. */
import { z } from "zod";
import { refusedCursor } from "../page.js";
import type { NodeView } from "./nodes_schema.js";

export const NODE_SORTS = [
  "id",
  "name",
  "last_seen",
  "training_speed",
  "memory_usage",
  "network_latency",
] as const;
type SortKey = (typeof NODE_SORTS)[number];
export type NodeSort = SortKey | `-${SortKey}`;

export interface NodeQuery {
  readonly status?: NodeView["status"];
  readonly role?: NodeView["role"];
  /** Part of the name, in any case. */
  readonly name?: string;
  /** With a leading `-`: descending. What is not known comes last either way. */
  readonly sort?: NodeSort;
  readonly limit?: number;
  readonly cursor?: string;
}

type Value = string | number | null;

/** The place after which the next page begins: of a node that may be gone by then, so it is a value, not a number. */
const cursorSchema = z.strictObject({
  s: z.string(),
  v: z.union([z.string(), z.number(), z.null()]),
  id: z.string(),
});
const CURSOR_CHARS_MAX = 512;

export function matchingNodes(nodes: readonly NodeView[], query: NodeQuery): NodeView[] {
  const part = query.name?.toLowerCase();
  return nodes.filter(
    (node) =>
      (query.status === undefined || node.status === query.status) &&
      (query.role === undefined || node.role === query.role) &&
      (part === undefined || (node.name ?? "").toLowerCase().includes(part)),
  );
}

/** @throws ServiceError INVALID_REQUEST for a cursor of another order, or none of ours */
export function pageOf(
  nodes: readonly NodeView[],
  { sort = "id", limit, cursor }: NodeQuery,
): { readonly nodes: readonly NodeView[]; readonly next_cursor: string | null } {
  const key = sort.replace(/^-/, "") as SortKey;
  const order = comparer(sort.startsWith("-"));
  const placed = nodes.map((node) => ({ node, v: sortValueOf(node, key), id: node.id })).sort(order);
  const after = cursor === undefined ? null : decoded(cursor, sort);
  const rest = after === null ? placed : placed.filter((place) => order(place, after) > 0);
  const page = rest.slice(0, limit ?? rest.length);
  const last = page.at(-1);
  const more = last !== undefined && page.length < rest.length;
  return { nodes: page.map((p) => p.node), next_cursor: more ? encoded(sort, last.v, last.id) : null };
}

function sortValueOf(node: NodeView, key: SortKey): Value {
  switch (key) {
    case "id":
      return node.id;
    case "name":
      return node.name;
    case "last_seen":
      return node.last_seen;
    default:
      return node.performance[key];
  }
}

interface Place {
  readonly v: Value;
  readonly id: string;
}

function comparer(descending: boolean): (a: Place, b: Place) => number {
  return (a, b) => {
    if (a.v !== b.v) {
      if (a.v === null) return 1;
      if (b.v === null) return -1;
      return a.v < b.v === descending ? 1 : -1;
    }
    return a.id < b.id ? -1 : Number(a.id > b.id);
  };
}

function encoded(sort: string, v: Value, id: string): string {
  return Buffer.from(JSON.stringify({ s: sort, v, id })).toString("base64url");
}

function decoded(cursor: string, sort: string): Place {
  const place = cursorSchema.safeParse(jsonOf(cursor));
  if (place.success && place.data.s === sort) return place.data;
  const problem = place.success
    ? `is of a list sorted by ${place.data.s}, this one is sorted by ${sort}`
    : "is not one that this list has given";
  throw refusedCursor(problem);
}

function jsonOf(cursor: string): unknown {
  if (cursor.length > CURSOR_CHARS_MAX) return null;
  try {
    return JSON.parse(Buffer.from(cursor, "base64url").toString("utf8"));
  } catch {
    return null;
  }
}
