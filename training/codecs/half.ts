/** IEEE 754 binary16 from and to binary32, by integer operations alone. */

const floatView = new Float32Array(1);
const bitsView = new Uint32Array(floatView.buffer);

export const HALF_MAX = 65_504;

/** Rounds to nearest, ties to even; overflow gives infinity, what is too small a subnormal or a signed zero. */
export function toHalf(value: number): number {
  floatView[0] = value;
  const bits = bitsView[0]!;
  const sign = (bits >>> 16) & 0x8000;
  const exponent = (bits >>> 23) & 0xff;
  const fraction = bits & 0x7fffff;
  if (exponent === 0xff) return sign | 0x7c00 | (fraction === 0 ? 0 : 0x200);
  const halfExponent = exponent - 112;
  if (halfExponent >= 31) return sign | 0x7c00;
  if (halfExponent >= 1) {
    // A carry out of the fraction runs into the exponent, and from its top value into infinity: both are right.
    return sign | roundShift((halfExponent << 23) | fraction, 13);
  }
  if (halfExponent < -10) return sign;
  return sign | roundShift(fraction | 0x800000, 14 - halfExponent);
}

export function fromHalf(half: number): number {
  const sign = (half & 0x8000) << 16;
  const exponent = (half >>> 10) & 0x1f;
  const fraction = half & 0x3ff;
  // A subnormal is fraction · 2⁻²⁴, which float32 holds exactly.
  if (exponent === 0) return (sign === 0 ? 1 : -1) * fraction * 2 ** -24;
  bitsView[0] = sign | ((exponent === 31 ? 0xff : exponent + 112) << 23) | (fraction << 13);
  return floatView[0]!;
}

function roundShift(bits: number, shift: number): number {
  const kept = bits >>> shift;
  const rest = bits & ((1 << shift) - 1);
  const middle = 1 << (shift - 1);
  return rest > middle || (rest === middle && (kept & 1) === 1) ? kept + 1 : kept;
}
