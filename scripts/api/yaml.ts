/** docs/openapi.yaml. */
import { stringify } from "yaml";
import { controlApi } from "./document.js";

export function openApiYaml(): string {
  const head = "# Generated from the declarations of the routes (npm run fix:docs). Do not edit.\n";
  return head + stringify(controlApi(), { aliasDuplicateObjects: false, lineWidth: 110 });
}
