/** The exceptions of the Python client, one per error that a node can answer: made from the services' table. */
import { SERVICE_ERRORS } from "../daemon/services/errors.js";

const HEAD = `"""One exception per error of the API. Made from daemon/services/errors.ts by \`npm run fix:docs\`."""

from __future__ import annotations

from .errors import APIError
`;

/** `NODE_NOT_FOUND` → `NodeNotFoundError`. */
export function pythonErrorClass(name: string): string {
  const words = name.toLowerCase().split("_");
  return `${words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join("")}Error`;
}

export function pythonErrors(): string {
  const errors = Object.entries(SERVICE_ERRORS).sort(([, a], [, b]) => a.code - b.code);
  const classes = errors.map(
    ([name, { code, httpStatus }]) =>
      `\n\nclass ${pythonErrorClass(name)}(APIError):\n    """${code}, HTTP ${httpStatus}."""\n\n    error_name = "${name}"\n`,
  );
  const table = errors.map(([name]) => `    "${name}": ${pythonErrorClass(name)},\n`);
  const exported = errors.map(([name]) => `    "${pythonErrorClass(name)}",\n`).sort();
  return [
    HEAD,
    ...classes,
    `\n\nERROR_CLASSES: dict[str, type[APIError]] = {\n${table.join("")}}\n`,
    `"""By the name of the error."""\n\n__all__ = [\n${exported.join("")}]\n`,
  ].join("");
}
