/** Who signed each version behind a model. The signatures themselves are checked by `consensus verify-lineage`. */
import type { CommandModule } from "yargs";
import type { LineageView } from "../services/views/certificates.js";
import { type CliContext, type ClientArgs, clientOptions, show, withClient } from "./context.js";
import { shortHash, shortPeer } from "./format.js";
import { MODEL_ID } from "./model_text.js";
import { table } from "./table.js";

interface LineageArgs extends ClientArgs {
  readonly id: string;
  readonly limit: number;
  readonly cursor?: string;
}

export function lineageCommand(context: CliContext): CommandModule<object, LineageArgs> {
  return {
    command: "lineage <id>",
    describe: "Show the certificates behind a model",
    builder: (yargs) =>
      clientOptions(yargs, context)
        .positional("id", { type: "string", demandOption: true, describe: MODEL_ID })
        .option("limit", { type: "number", default: 100, describe: "Certificates on one page, 1 to 500" })
        .option("cursor", { type: "string", describe: "Where the page begins, as the one before says" }),
    handler: (args) =>
      withClient(context, args, async (client) => {
        const query = new URLSearchParams({ limit: String(args.limit) });
        if (args.cursor !== undefined) query.set("cursor", args.cursor);
        const path = `/api/v1/models/${encodeURIComponent(args.id)}/lineage?${query}`;
        show(context, args, await client.get<LineageView>(path), renderLineage);
      }),
  };
}

function renderLineage({ certificates, total, next_cursor }: LineageView): string {
  if (total === 0) return "no certificates: nobody in this swarm has computed it";
  const rows = certificates.map((c) => [
    c.height,
    c.round,
    shortHash(c.model_hash),
    c.updates.map((u) => shortPeer(u.peer)).join(" "),
    `${c.votes.length} of ${c.committee.length}`,
  ]);
  const text = table(["height", "round", "version", "updates", "signed"], rows);
  return next_cursor === null ? text : `${text}\n${total} in all; the next page: --cursor ${next_cursor}`;
}
