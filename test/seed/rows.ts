/** All that the API document says, in the order in which it is run; and the table of it (docs/SEED.md). */
import { LAST_ROWS, OTHER_ROWS } from "./other_rows.js";
import { REST_ROWS } from "./rest_rows.js";
import type { Row } from "./types.js";

export const ROWS: readonly Row[] = [...REST_ROWS, ...OTHER_ROWS, ...LAST_ROWS];

export const titleOf = ({ line, what }: Pick<Row, "line" | "what">): string => `line ${line}: ${what}`;

export function seedMarkdown(): string {
  const rows = [...ROWS].sort((a, b) => a.line - b.line);
  return `# The API document, line by line

Generated from \`test/seed/\` (\`npm run fix:docs\`). Each thing that the API document says is run against a swarm of three
nodes by \`test/seed/seed.test.ts\`; the test of a line is \`npm test -- --grep "line N:"\` with those that it builds on. A text
with a placeholder in it is changed as the last column says, and no further.

| line | what it says | changed |
|---|---|---|
${rows.map(({ line, what, changed }) => `| ${line} | ${what} | ${changed ?? ""} |`).join("\n")}
`;
}
