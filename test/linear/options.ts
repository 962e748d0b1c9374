/** The arguments of `npm run test:linear`. */
import { parseArgs } from "node:util";
import { z } from "zod";

const USAGE =
  "usage: npm run test:linear -- [--seconds N] [--seed N] [--clients N] [--local-reads] [--node-flag FLAG]..., " +
  "with 5 to 86400 seconds (60), 1 to 100 clients (10), and flags for every node, such as --node-flag=--log-level=info";

const whole = (min: number, max: number) => z.coerce.number().int().min(min).max(max);
const optionsSchema = z.strictObject({
  seconds: whole(5, 86_400).default(60),
  seed: whole(0, 2 ** 32 - 1).default(() => Math.floor(Math.random() * 2 ** 32)),
  clients: whole(1, 100).default(10),
  /** A fault planted in the clients: they read what one node happens to know. The verdict must say so. */
  "local-reads": z.boolean().default(false),
  "node-flag": z.array(z.string().min(1)).default([]),
});
export type Options = z.output<typeof optionsSchema>;

/** @returns null, with what is wrong printed */
export function optionsOf(args: readonly string[]): Options | null {
  const text = { type: "string" } as const;
  const flags = { "local-reads": { type: "boolean" }, "node-flag": { ...text, multiple: true } } as const;
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { seconds: text, seed: text, clients: text, ...flags },
    });
    return optionsSchema.parse({ ...values });
  } catch (error) {
    console.error(`${problemOf(error)}\n${USAGE}`);
    return null;
  }
}

/** The command that does the same again. */
export function commandOf({ seconds, seed, clients, ...more }: Options): string {
  const local = more["local-reads"] ? " --local-reads" : "";
  const flags = more["node-flag"].map((flag) => ` --node-flag=${flag}`).join("");
  return `npm run test:linear -- --seconds ${seconds} --seed ${seed} --clients ${clients}${local}${flags}`;
}

function problemOf(error: unknown): string {
  if (error instanceof z.ZodError)
    return error.issues.map(({ path, message }) => `--${path.join(".")}: ${message}`).join("\n");
  return error instanceof Error ? error.message : String(error);
}
