/** Whether a route answers what it declares: run by tests, so that the document cannot drift from the code. */
import { isDeepStrictEqual } from "node:util";
import { type Answer, isMedia, type Route } from "./route.js";

/** @returns what the answer has and the declaration has not, or the other way round; null when they agree */
export function answerFault({ answers }: Pick<Route, "answers">, answer: Answer): string | null {
  const status = "status" in answer ? answer.status : 200;
  const declared = answers[status];
  if (declared === undefined) return `${status}, which it does not declare`;
  if (typeof declared === "string")
    return answer.kind === "json" && answer.body === undefined ? null : `${status} with a body`;
  if (isMedia(declared)) return answer.kind === "json" ? `${status} as JSON, not ${declared.media}` : null;
  if (answer.kind !== "json") return `${status} as ${answer.kind}, not as JSON`;
  const sent = JSON.parse(JSON.stringify(answer.body)) as unknown;
  const parsed = declared.safeParse(sent);
  if (!parsed.success) return `${status} with what its schema refuses: ${parsed.error.message}`;
  // A schema strips what it does not have.
  if (isDeepStrictEqual(parsed.data, sent)) return null;
  return `${status} with fields that it does not declare: ${JSON.stringify(sent).slice(0, 2000)}`;
}
