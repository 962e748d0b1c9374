/** Conditional requests (RFC 9110, section 13) on things whose strong ETag is their revision: `"42"`. */
import { ServiceError } from "../services/errors.js";

const ETAG = /^"(\d{1,15})"$/;

export function etagOf(revision: number): string {
  return `"${revision}"`;
}

/**
 * What a change demands: the revision to replace (`If-Match`), 0 for "there is none yet" (`If-None-Match: *`), or null.
 * @throws ServiceError INVALID_REQUEST for anything else: a condition that is not understood must not be left out
 */
export function expectedRevision(header: (name: string) => string): number | null {
  const [match, noneMatch] = [header("If-Match").trim(), header("If-None-Match").trim()];
  if (match !== "" && noneMatch !== "")
    throw refused("If-Match and If-None-Match", "only one of them is taken");
  if (noneMatch !== "") {
    if (noneMatch === "*") return 0;
    throw refused("If-None-Match", `expected *, for "only if it does not exist"`);
  }
  if (match === "") return null;
  const revision = Number(ETAG.exec(match)?.[1] ?? 0);
  if (revision > 0) return revision;
  throw refused("If-Match", `expected one strong ETag as it was answered, such as "42"`);
}

/** Whether the client has this revision already, so that 304 is all it needs. */
export function isUnchanged(header: (name: string) => string, revision: number): boolean {
  const known = header("If-None-Match").split(",");
  // Weakly compared (section 13.1.2): a proxy may have made a strong one weak.
  return known.some((etag) => etag.trim().replace(/^W\//, "") === etagOf(revision));
}

function refused(where: string, problem: string): ServiceError {
  return new ServiceError("INVALID_REQUEST", `${where}: ${problem}`, {
    problems: [{ at: where, problem }],
    committed: "no",
  });
}
