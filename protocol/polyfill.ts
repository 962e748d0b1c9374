/**
 * libp2p uses `Promise.withResolvers` and `Promise.try`, which Node 20 lacks. Imported for its side effect, before
 * anything that imports libp2p; a no-op where the runtime has them.
 */
function withResolvers<T>(this: PromiseConstructor) {
  let resolve!: (value: T | PromiseLike<T>) => void;
  let reject!: (reason?: unknown) => void;
  const promise = new this<T>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}

function attempt<A extends unknown[], T>(
  this: PromiseConstructor,
  run: (...args: A) => T | PromiseLike<T>,
  ...args: A
): Promise<T> {
  return new this((resolve) => resolve(run(...args)));
}

for (const [name, value] of [
  ["withResolvers", withResolvers],
  ["try", attempt],
] as const) {
  if (!(name in Promise)) {
    Object.defineProperty(Promise, name, { value, writable: true, configurable: true });
  }
}
