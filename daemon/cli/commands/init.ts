import { writeFile } from "node:fs/promises";
import type { CommandModule } from "yargs";
import type { CliContext } from "../context.js";
import { UsageError } from "../exit.js";

interface InitArgs {
  readonly file: string;
  readonly force: boolean;
  readonly json: boolean;
}

export function initCommand({ io }: CliContext): CommandModule<object, InitArgs> {
  return {
    command: "init",
    describe: "Write a configuration file with every setting, its default and what it does",
    builder: (yargs) =>
      yargs
        .option("file", { type: "string", default: "swarm.yaml", describe: "File to write" })
        .option("force", { type: "boolean", default: false, describe: "Overwrite the file" })
        .option("json", { type: "boolean", default: false, describe: "Print the file's path as JSON" }),
    handler: async ({ file, force, json }) => {
      const { absolutePath } = await import("../../config/node.js");
      const { configurationYaml } = await import("../../config/reference.js");
      const path = absolutePath(file);
      await write(path, configurationYaml(), force);
      if (json) {
        io.out(JSON.stringify({ path }));
        return;
      }
      io.out(`wrote ${path}`);
      io.out(`start a node with it: ncrsh-swarm start --config ${file}`);
    },
  };
}

async function write(path: string, text: string, force: boolean): Promise<void> {
  try {
    await writeFile(path, text, { flag: force ? "w" : "wx" });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "EEXIST")
      throw new UsageError(`${path} exists already`, "overwrite it with --force, or choose another --file");
    throw new UsageError(`${path} cannot be written: ${message}`, "choose another --file");
  }
}
