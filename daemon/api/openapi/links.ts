/** What can be asked next with a value of an answer (OpenAPI 3.1, section 4.8.20): by people, and by stateful tests. */
import type { DeclaredLink, Route } from "../route.js";
import type { Link } from "./types.js";

/** By the id of the other route, which is the name of its operation. */
export function linksOf({ links }: Pick<Route, "links">): Record<string, Link> {
  return Object.fromEntries(links.map((link) => [link.to, linkOf(link)]));
}

function linkOf({ to, from, into }: DeclaredLink): Link {
  const value = `$response.body#${from}`;
  const dot = into.indexOf(".");
  if (into.slice(0, dot) !== "body") return { operationId: to, parameters: { [into]: value } };
  return { operationId: to, requestBody: { [into.slice(dot + 1)]: value } };
}
