/** From an answer that is no success to the error it stands for. */
import { type ErrorFacts, SwarmApiError } from "./errors.js";
import { ERROR_CLASSES } from "./generated/errors.js";
import { retryAfterMs } from "./retry.js";

/** A proxy's page of an error is not worth more. */
const TEXT_MAX = 200;

export async function failureOf(response: Response): Promise<SwarmApiError> {
  const text = await response.text().catch(() => "");
  const facts = factsOf(response, text);
  const known = Object.hasOwn(ERROR_CLASSES, facts.name) ? ERROR_CLASSES[facts.name] : undefined;
  return new (known ?? SwarmApiError)(facts);
}

function factsOf(response: Response, text: string): ErrorFacts {
  const { status, headers } = response;
  const shared = {
    status,
    requestId: headers.get("X-Request-Id"),
    retryAfterMs: retryAfterMs(headers.get("Retry-After"), Date.now()),
  };
  const error = errorIn(text);
  if (error !== null) return { ...shared, ...error };
  const message = `HTTP ${status}${text === "" ? "" : `: ${text.slice(0, TEXT_MAX)}`}`;
  return { ...shared, name: "UNKNOWN", code: 0, message, details: {} };
}

/** Of the contract's error body; null when it is anything else, such as a proxy's page. */
function errorIn(text: string): Pick<ErrorFacts, "name" | "code" | "message" | "details"> | null {
  try {
    const { error } = JSON.parse(text) as { error?: Partial<ErrorFacts> };
    if (typeof error?.name !== "string" || typeof error.code !== "number") return null;
    return {
      name: error.name,
      code: error.code,
      message: String(error.message),
      details: error.details ?? {},
    };
  } catch {
    return null;
  }
}
