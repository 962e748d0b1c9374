import assert from "node:assert/strict";
import { parse } from "yaml";
import { readYaml } from "./file.js";
import { configurationMarkdown, configurationYaml } from "./reference.js";
import { SPECS } from "./schema.js";

describe("generated reference", () => {
  it("is a file that changes nothing until a # is removed", () => {
    assert.deepEqual({ ...readYaml("swarm.yaml", configurationYaml()), lines: null }.given, []);
    assert.deepEqual(readYaml("swarm.yaml", configurationYaml()).problems, []);
  });

  it("shows every setting at its default, ready to be uncommented", () => {
    const uncommented = configurationYaml().replaceAll(
      /^ {2}# ([a-z_]+: [^ ].*)$/gm,
      (line, setting: string) => {
        return SPECS.some((spec) => setting.startsWith(`${spec.key}: `)) ? `  ${setting}` : line;
      },
    );
    const values: Record<string, Record<string, unknown>> = parse(uncommented);
    for (const spec of SPECS) assert.deepEqual(values[spec.group]?.[spec.key], spec.defaultValue, spec.path);
    assert.deepEqual(readYaml("swarm.yaml", uncommented).problems, []);
  });

  it("stays within the width of a screen", () => {
    for (const line of configurationYaml().split("\n")) assert.ok(line.length <= 100, line);
  });

  it("names every setting, flag and variable in the page", () => {
    const page = configurationMarkdown();
    for (const spec of SPECS)
      for (const name of [spec.path, `--${spec.flag}`, spec.env])
        assert.ok(page.includes(`\`${name}\``), name);
  });
});
