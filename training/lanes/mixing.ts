/** Counter-based pseudo-random numbers from 32-bit integer operations alone: the same bits on every machine. */

/** MurmurHash3's 32-bit finalizer: a bijection on 32-bit integers in which every input bit moves every output bit. */
export function mix32(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** 32 bits from a key and a counter of up to 53 bits. */
export function drawAt(key: number, counter: number): number {
  const low = mix32((counter >>> 0) ^ key);
  const high = Math.floor(counter / 2 ** 32);
  return mix32((low + Math.imul(high, 0x9e3779b1) + (key >>> 1)) | 0);
}

/** A key for one purpose, so that two uses of the same seed draw nothing in common. */
export function keyOf(seed: number, purpose: number): number {
  return drawAt(mix32(seed ^ 0x5bd1e995), purpose);
}
