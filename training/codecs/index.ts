import type { CodecName } from "../session.js";
import { fp16 } from "./fp16.js";
import { fp32 } from "./fp32.js";
import { int8 } from "./int8.js";
import type { Codec } from "./types.js";

const CODECS: Readonly<Record<CodecName, Codec>> = { fp32, fp16, int8 };

export function codecOf(name: CodecName): Codec {
  return CODECS[name];
}

export { assertFinite, firstNonFinite } from "./check.js";
export { ErrorFeedback } from "./error_feedback.js";
export type { Codec } from "./types.js";
