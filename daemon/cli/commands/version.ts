import type { CommandModule } from "yargs";
import type { CliContext } from "../context.js";
import { packageVersion } from "../package_version.js";

export function versionCommand({ io }: CliContext): CommandModule<object, { json: boolean }> {
  return {
    command: "version",
    describe: "Show the version of this program",
    builder: (yargs) =>
      yargs.option("json", {
        type: "boolean",
        default: false,
        describe: "Print it as JSON, with the platform",
      }),
    handler: ({ json }) => {
      const version = packageVersion();
      const { node } = process.versions;
      io.out(
        json
          ? JSON.stringify({ version, node, platform: process.platform, arch: process.arch })
          : `ncrsh-swarm ${version} (Node ${node}, ${process.platform} ${process.arch})`,
      );
    },
  };
}
