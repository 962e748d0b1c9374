import type { Contribution } from "../aggregation/types.js";
import type { CodecName } from "../session.js";
import { fp16 } from "./fp16.js";
import { fp32 } from "./fp32.js";
import { int8 } from "./int8.js";
import type { Codec } from "./types.js";

const CODECS: Readonly<Record<CodecName, Codec>> = { fp32, fp16, int8 };

export function codecOf(name: CodecName): Codec {
  return CODECS[name];
}

/** The codec of a round's payloads: a node alone hands over its parameters exactly, whatever the session's codec. */
export function payloadCodecOf(name: CodecName, contribution: Contribution): Codec {
  return codecOf(contribution === "parameters" ? "fp32" : name);
}

export { assertFinite, firstNonFinite } from "./check.js";
export { ErrorFeedback } from "./error_feedback.js";
export type { Codec } from "./types.js";
