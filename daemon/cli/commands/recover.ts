import type { Argv, CommandModule } from "yargs";
import type { RecoverResult, RecoveryAccount } from "../../recovery/index.js";
import type { CliContext } from "../context.js";
import { UsageError } from "../exit.js";
import { shortHash } from "../format.js";
import { facts } from "../table.js";

interface RecoverArgs {
  readonly config?: string | readonly string[];
  /** Several when it is given several times. */
  readonly confirm?: string | readonly string[];
  readonly wait: number;
  readonly json: boolean;
  readonly [flag: string]: unknown;
}

/** A peer is dialed again after less than a second at first, and has 10 s to answer: several tries fit. */
const WAIT_S = 20;
const WAIT_S_MIN = 1;
const WAIT_S_MAX = 600;

export function recoverCommand(context: CliContext): CommandModule<object, RecoverArgs> {
  return {
    command: "recover",
    describe:
      "Go on alone from this stopped node when a majority of the voters is lost for good; tells first what may be lost",
    builder: async (yargs: Argv) => {
      const { configFlags } = await import("../../config/flags.js");
      return yargs
        .option("confirm", {
          type: "string",
          requiresArg: true,
          describe: "The code that the command ends with when it is run without: do it",
        })
        .option("wait", {
          type: "number",
          default: WAIT_S,
          describe: `Seconds to look for the other voters, ${WAIT_S_MIN} to ${WAIT_S_MAX}`,
        })
        .option("config", {
          type: "string",
          requiresArg: true,
          describe: "YAML file with the node's settings, as for `start`; flags and environment override it",
        })
        .option("json", { type: "boolean", default: false, describe: "Print the account as JSON" })
        .options(configFlags())
        .example("$0 consensus recover --config swarm.yaml", "See what would be lost")
        .epilogue(
          "Give the settings that the node is started with: it looks for the other voters as the node would.",
        ) as Argv<RecoverArgs>;
    },
    handler: async ({ config: file, confirm, wait, json, ...flags }) => {
      if (!(wait >= WAIT_S_MIN && wait <= WAIT_S_MAX))
        throw new UsageError(`--wait ${wait} is not a number of seconds from ${WAIT_S_MIN} to ${WAIT_S_MAX}`);
      if (typeof file === "object") throw new UsageError("--config is given more than once");
      if (typeof confirm === "object") throw new UsageError("--confirm is given more than once");
      const { loadConfig } = await import("../../config/index.js");
      const { createLogger } = await import("../../logger.js");
      const { recover } = await import("../../recovery/index.js");
      const config = await loadConfig({ file, env: context.io.env, flags });
      // To stderr, and only what is wrong: the account is what there is to read.
      const logger = createLogger({ level: "error", format: "pretty" });
      const result = await recover({ config, logger, confirm: confirm ?? null, probeMs: 1000 * wait });
      context.io.out(json ? JSON.stringify(result, null, 2) : render(result));
    },
  };
}

function render({ account, done }: RecoverResult): string {
  const parts = [accountText(account), lossText(account)];
  if (done === null) {
    parts.push(
      `Nothing has been changed. If the others are lost for good, run it again with --confirm ${account.code}`,
    );
  } else {
    parts.push(
      facts([
        ["recovered", `this node is the only voter, from index ${done.index} and term ${done.term} on`],
        ["record", done.digest],
        ["backup", done.backup],
      ]),
      `Start this node as always. Every other node, old or new, follows it only with an empty data folder and\n--accept-recovery ${done.digest}\nVoters that were given up must not go on in their old folders: a majority of them would go on as the old swarm.`,
    );
  }
  return parts.join("\n\n");
}

function accountText(account: RecoveryAccount): string {
  const { session, version, uncommittedEntries } = account;
  return facts([
    ["swarm", account.swarm],
    ["formation", account.formation],
    ["survivor", `${account.survivor} (this node)`],
    ["log", `committed ${account.committedIndex}, last ${account.lastIndex}, term ${account.term}`],
    [
      "not known to be committed",
      uncommittedEntries === 0
        ? "nothing"
        : `the last ${uncommittedEntries} in the log: kept, and committed by this`,
    ],
    ["session", session === null ? null : `${session.id}, ${session.status}`],
    ["version", version === null ? null : `${shortHash(version.hash)} at height ${version.height}`],
    ...account.lost.map(
      ({ peer, name, part }) => [`given up, ${part}`, name === null ? peer : `${name} (${peer})`] as const,
    ),
    ...account.reached.map(({ peer, position }) => {
      const where = position === null ? "" : `, committed ${position.commit}, last ${position.last}`;
      return ["answered", `${peer}${where}`] as const;
    }),
  ]);
}

function lossText({ silent, session, version, lastIndex, reached, count }: RecoveryAccount): string {
  const lines = [
    `${silent.length} voters did not answer; that proves nothing where the network is what is broken. Any of them may be ahead of this node.`,
    `What may be lost: whatever they committed after index ${lastIndex} without this node: versions${version === null ? "" : ` above height ${version.height}`}, sessions, members, settings.`,
  ];
  const ahead = reached.filter(({ position }) => position !== null && position.last > lastIndex);
  for (const { peer, position } of ahead) {
    lines.push(
      `${peer} has entries up to ${position?.last} that are not committed as far as it knows: it may be the better survivor.`,
    );
  }
  if (session !== null && ["initializing", "running"].includes(session.status))
    lines.push(
      `Round ${session.round}, which is open, is given up: its updates and votes count for nothing.`,
    );
  if (count > 1) lines.push(`This swarm has been recovered by force before: this is number ${count}.`);
  lines.push("The lineage no longer verifies without this recovery being accepted by hand.");
  return lines.map((line) => `- ${line}`).join("\n");
}
