/**
 * A walk through the API: who is there, train, look on, take the model home.
 *
 *   node sdk/js/examples/walkthrough.mjs http://localhost:8080
 *
 * Who asks is taken from SWARM_TOKEN, or from SWARM_USERNAME and SWARM_PASSWORD.
 */
import { createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout } from "node:timers/promises";
import { SwarmClient, TrainingInProgressError } from "@ncrsh/swarm-client";

const [baseUrl = "http://localhost:8080", file = "model.tar"] = process.argv.slice(2);
const { SWARM_TOKEN: authToken, SWARM_USERNAME: username, SWARM_PASSWORD: password } = process.env;
const client = new SwarmClient({ baseUrl, authToken, username, password });
const say = (text) => process.stdout.write(`${text}\n`);

// 1. Who is there?
const { nodes } = await client.nodes.list();
for (const { name, status, role } of nodes) say(`${name}: ${status}, ${role}`);

// 2. Train a small model. Whatever runs already is told by an error of its own class.
try {
  const { session_id } = await client.training.start({
    dataset: "builtin:moby-dick",
    rounds: 3,
    inner_steps: 2,
    batch_size: 4,
    model: { type: "gpt2", hidden_size: 16, num_layers: 1, num_heads: 1, context_length: 16 },
  });
  say(`started ${session_id}`);
} catch (error) {
  if (!(error instanceof TrainingInProgressError)) throw error;
  say(`${error.details.session_id} is running already`);
}

// 3. Look on until it ends (watch.mjs does it without asking again and again).
let training = await client.training.status();
while (!["finished", "stopped", "failed"].includes(training.status)) {
  await setTimeout(500);
  training = await client.training.status();
  say(`version ${training.progress.height} of ${training.progress.rounds}, loss ${training.progress.loss}`);
}

// 4. Take the model home: it is checked on its way.
const download = await client.models.download(training.session_id, {
  onProgress: ({ bytes, total }) => say(`${bytes} of ${total ?? "?"} bytes`),
});
await pipeline(Readable.from(download), createWriteStream(file));
say(`${file}: sha256 ${download.sha256}`);
