import type { Argv, CommandModule } from "yargs";
import type { CliContext } from "../context.js";
import { UsageError } from "../exit.js";
import { runNode } from "../run_node.js";

interface StartArgs {
  /** Several when it is given several times. */
  readonly config?: string | readonly string[];
  readonly json: boolean;
  readonly [flag: string]: unknown;
}

export function startCommand(context: CliContext): CommandModule<object, StartArgs> {
  return {
    command: "start",
    describe: "Run a node in the foreground, until it is told to stop",
    builder: async (yargs: Argv) => {
      const { configFlags } = await import("../../config/flags.js");
      return yargs
        .option("config", {
          type: "string",
          requiresArg: true,
          describe: "YAML file with settings; flags and environment override it",
        })
        .option("json", {
          type: "boolean",
          default: false,
          describe: "Once the node runs, print one JSON line with peerId, addresses and api; log JSON too",
        })
        .options(configFlags())
        .example("$0 start --form", "The first node of a new swarm")
        .example(
          "$0 start --bootstrap /ip4/10.0.0.5/tcp/9473/p2p/12D3KooW…",
          "Join a swarm",
        ) as Argv<StartArgs>;
    },
    handler: async (args) => {
      const { loadConfig } = await import("../../config/index.js");
      const { config: file, json, ...flags } = args;
      if (typeof file === "object") throw new UsageError("--config is given more than once");
      const config = await loadConfig({ file, env: context.io.env, flags });
      const { logging } = config;
      const format = json && logging.format === "auto" ? "json" : logging.format;
      await runNode(context, { ...config, logging: { ...logging, format } }, json);
    },
  };
}
