/** `npm run test:sim`: runs seeds, prints what they met, and for one that fails the shortest way back to it. */
import { Batch } from "./batch.js";
import { parseOptions, USAGE } from "./options.js";

const options = parseOptions(process.argv.slice(2));
if (typeof options === "string") {
  process.stderr.write(`${options}\n${USAGE}\n`);
  process.exit(2);
}
const batch = new Batch(options, (line) => process.stdout.write(`${line}\n`));
const { passed, failed } = await batch.run();
process.stdout.write(`${passed} passed, ${failed} failed\n`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
