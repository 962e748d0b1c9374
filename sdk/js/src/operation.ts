/** What a call is made of. */

export interface Progress {
  readonly bytes: number;
  /** Null when it is not known. */
  readonly total: number | null;
}

/** One line of the generated table. */
export interface OperationSpec {
  readonly id: string;
  readonly http: string;
  /** With `{name}` for a value. */
  readonly path: string;
  readonly pathNames: readonly string[];
  readonly queryNames: readonly string[];
  readonly headerNames: readonly string[];
  readonly body: "none" | "json" | "upload";
  readonly uploadMedia: readonly string[];
  readonly answer: "json" | "text" | "stream" | "none";
  /** Statuses from 400 on that are answers and no errors. */
  readonly accepts: readonly number[];
}

export type UploadSource = Blob | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>;

/** What a method was called with. */
export interface CallInput {
  readonly path: Readonly<Record<string, string>>;
  /** Query and body together: told apart by the operation's names. */
  readonly args: Readonly<Record<string, unknown>>;
  readonly source?: UploadSource;
}

/** Of one call. */
export interface CallOptions {
  /** Ends the call, its retries and its waiting. */
  readonly signal?: AbortSignal;
  /** For one try, in milliseconds; the client's `timeoutMs` when left out. 0: none. */
  readonly timeoutMs?: number;
  /** Further headers, such as `If-Match`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Tries after the first; the client's `retries` when left out. */
  readonly retries?: number;
  /** For operations that take one; a new one for each call when left out, so that a retry never starts a thing twice. */
  readonly idempotencyKey?: string;
  /** Of an upload; the operation's first when left out. */
  readonly contentType?: string;
  /**
   * Told how much of an upload has gone. The upload is then a stream, which browsers other than Chromium's cannot send.
   */
  readonly onUpload?: (progress: Progress) => void;
}
