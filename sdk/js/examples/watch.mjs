/**
 * Prints what happens in a swarm, as it happens, and goes on after interruptions without losing anything.
 *
 *   node sdk/js/examples/watch.mjs http://localhost:8080 training_progress alert
 *
 * Needs Node 22 or later; before, pass a WebSocket of the ws package.
 */
import { SwarmClient } from "@ncrsh/swarm-client";

const [baseUrl = "http://localhost:8080", ...types] = process.argv.slice(2);
const { SWARM_TOKEN: authToken, SWARM_USERNAME: username, SWARM_PASSWORD: password } = process.env;
const client = new SwarmClient({ baseUrl, authToken, username, password });

const onGap = () => process.stderr.write("events are missing here: the node does not have them any more\n");
for await (const { at, type, data } of client.events.subscribe({ types, onGap }))
  process.stdout.write(`${at} ${type} ${JSON.stringify(data)}\n`);
