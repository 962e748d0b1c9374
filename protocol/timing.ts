/** Small helpers around time and cancellation, none of which leaves a timer behind. */
import { setMaxListeners } from "node:events";
import { ProtocolError } from "./errors.js";

/** A controller whose signal many may listen to at once without Node taking it for a leak. */
export function sharedController(): AbortController {
  const controller = new AbortController();
  setMaxListeners(Number.POSITIVE_INFINITY, controller.signal);
  return controller;
}

/** Waits; resolves early, without an error, when `signal` aborts. */
export function sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, delayMs);
    signal?.addEventListener("abort", done, { once: true });
  });
}

/** A signal that aborts after `timeoutMs` or with a parent; `clear` must be called when it is no longer needed. */
export function deadline(
  timeoutMs: number,
  what: string,
  ...parents: (AbortSignal | undefined)[]
): { signal: AbortSignal; clear: () => void } {
  const controller = sharedController();
  const expire = () =>
    controller.abort(new ProtocolError("TIMEOUT", `${what}: no answer in ${timeoutMs} ms`, { timeoutMs }));
  const timer = setTimeout(expire, timeoutMs);
  const follows = parents.map((parent) => following(controller, parent, what));
  const clear = () => {
    clearTimeout(timer);
    for (const unfollow of follows) unfollow();
  };
  return { signal: controller.signal, clear };
}

/**
 * Aborts a controller with a parent. `AbortSignal.any` would leave a trace in a parent that lives as long as the node.
 * @returns a function that ends it
 */
export function following(
  controller: AbortController,
  parent: AbortSignal | undefined,
  what: string,
): () => void {
  const follow = () => controller.abort(abortErrorOf(parent, what));
  if (parent?.aborted) follow();
  parent?.addEventListener("abort", follow, { once: true });
  return () => parent?.removeEventListener("abort", follow);
}

/** The promise, or the signal's reason as soon as it aborts. What the promise does later is ignored. */
export function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    const settled = () => signal.removeEventListener("abort", abort);
    promise.then(
      (value) => {
        settled();
        resolve(value);
      },
      (error) => {
        settled();
        reject(error);
      },
    );
  });
}

export function abortErrorOf(signal: AbortSignal | undefined, what: string): Error {
  const reason: unknown = signal?.reason;
  if (reason instanceof ProtocolError) return reason;
  return new ProtocolError("ABORTED", `${what}: called off`, {}, { cause: reason });
}

/** Exponential backoff with ±25 % jitter. @param failures from 1 */
export function backoffMs(failures: number, minMs: number, maxMs: number): number {
  const base = Math.min(maxMs, minMs * 2 ** Math.min(failures - 1, 30));
  return base * (0.75 + Math.random() / 2);
}
