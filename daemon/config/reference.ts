/** What people read about the settings, made from the same fields that load them. */
import { stringify } from "yaml";
import { OTHER_ENV } from "./env.js";
import type { FieldSpec, Group } from "./field.js";
import { defaultText } from "./flags.js";
import { RULES } from "./rules.js";
import { GROUPS, specsOf } from "./schema.js";

const YAML_WIDTH = 100;

/** The file that `ncrsh-swarm init` writes: every setting, explained, at its default. */
export function configurationYaml(): string {
  const head = comment(
    "",
    "ncrsh-swarm configuration, as `ncrsh-swarm init` writes it. Every setting is shown with its default: remove the # in front of one to change it.",
    "Flags win over environment variables, those over this file, and this file over the defaults. An unknown or wrong setting is refused, with its line.",
  );
  return `${[head, ...GROUPS.map(yamlGroup)].join("\n\n")}\n`;
}

function yamlGroup(group: Group): string {
  const settings = specsOf(group.name).map((spec) => {
    const about = comment(
      "  ",
      spec.about,
      `Allowed: ${allowedText(spec)}.${spec.defaultText ? ` Default: ${spec.defaultText}.` : ""}`,
      `Flag --${spec.flag}, environment ${spec.env}.`,
    );
    return `${about}\n  # ${spec.key}: ${yamlValue(spec.defaultValue)}`;
  });
  return `${comment("", group.about)}\n${group.name}:\n${settings.join("\n\n")}`;
}

function yamlValue(value: unknown): string {
  return stringify(value, { collectionStyle: "flow", flowCollectionPadding: false, lineWidth: 0 }).trim();
}

/** Paragraphs as comment lines, wrapped. */
function comment(indent: string, ...paragraphs: string[]): string {
  return paragraphs
    .flatMap((paragraph) =>
      wrap(paragraph, YAML_WIDTH - indent.length - 2).map((line) => `${indent}# ${line}`),
    )
    .join("\n");
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}

function allowedText(spec: FieldSpec): string {
  return spec.kind === "list" ? `a list of ${spec.allowed}` : spec.allowed;
}

/** docs/CONFIGURATION.md */
export function configurationMarkdown(): string {
  return `${[HEAD, ...GROUPS.map(markdownGroup), rulesText(), environmentText()].join("\n\n")}\n`;
}

const HEAD = `<!-- Generated from daemon/config. Do not edit: run \`npm run fix:docs\`. -->
# Configuration

A node needs no configuration: every setting has a default. To change some, take any of

1. a YAML file: \`ncrsh-swarm init\` writes [one with every setting explained](../configs/swarm.yaml); \`ncrsh-swarm start --config swarm.yaml\` uses it;
2. environment variables, for containers;
3. flags of \`ncrsh-swarm start\`.

Flags win over environment variables, those over the file, and the file over the defaults. Lists are separated by commas in
variables and flags; a flag can also be repeated. An unknown name or a value that is not allowed stops the node before it
starts, with all mistakes at once: where each stands, what was given and what is allowed.`;

function markdownGroup(group: Group): string {
  const rows = specsOf(group.name).map((spec) => {
    const names = `\`${spec.path}\`<br>\`--${spec.flag}\`<br>\`${spec.env}\``;
    const fallback = spec.defaultText ?? (defaultText(spec) === "none" ? "none" : `\`${defaultText(spec)}\``);
    return `| ${[names, cell(fallback), cell(allowedText(spec)), cell(spec.about)].join(" | ")} |`;
  });
  return [
    `## \`${group.name}\``,
    "",
    group.about,
    "",
    "| setting | default | allowed | what it does |",
    "|---|---|---|---|",
    ...rows,
  ].join("\n");
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}

function rulesText(): string {
  const items = RULES.map(
    (rule) => `- ${rule.about} (${rule.settings.map((path) => `\`${path}\``).join(", ")})`,
  );
  return ["## Between settings", "", ...items].join("\n");
}

function environmentText(): string {
  const items = Object.entries(OTHER_ENV).map(([name, about]) => `- \`${name}\`: ${about}`);
  return `## Other variables

${items.join("\n")}

Any other variable that begins with \`NCRSH_SWARM_\` is refused, so that a typo is noticed; an empty one counts as not set.
Left alone are the variables that Kubernetes makes for services whose name begins with \`ncrsh-swarm\`
(\`NCRSH_SWARM_SERVICE_HOST\`, \`NCRSH_SWARM_API_PORT=tcp://…\` and the like).`;
}
