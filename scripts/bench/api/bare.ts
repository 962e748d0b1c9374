/** What the API is measured against: the same framework with nothing in it. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import Koa from "koa";
import { onQuestion, partReady } from "./part.js";
import { serverUse } from "./use.js";

export interface BareReady {
  readonly address: string;
}

const app = new Koa();
app.use((ctx) => {
  ctx.body = { hello: "world" };
});
const server = createServer(app.callback()).listen(0, "127.0.0.1");
await once(server, "listening");
onQuestion({ use: serverUse });
partReady({ address: `http://127.0.0.1:${(server.address() as AddressInfo).port}` } satisfies BareReady);
