/** A part of the database as `LevelDatastore` wants one: it asks for a Level but uses only this much of it. */
import type { LevelDatastore } from "datastore-level";
import type { BytesLevel } from "./types.js";

type DatastoreLevel = LevelDatastore["db"];

interface Asked {
  readonly gte?: string;
  readonly lt?: string;
}

export function datastoreLevel(part: BytesLevel): DatastoreLevel {
  const level = {
    open: async () => undefined,
    close: async () => undefined,
    get: (key: string) => part.get(key),
    put: (key: string, value: Uint8Array) => part.put(key, value),
    del: (key: string) => part.del(key),
    batch: (operations: Parameters<BytesLevel["batch"]>[0]) => part.batch(operations),
    // Keys as text whatever encoding is asked for, and values always: the datastore takes both.
    iterator: ({ gte, lt }: Asked = {}) => {
      const range = { ...(gte === undefined ? {} : { gte }), ...(lt === undefined ? {} : { lt }) };
      return Object.assign(part.iterator(range), { close: async () => undefined });
    },
  };
  return level as Partial<DatastoreLevel> as DatastoreLevel;
}
