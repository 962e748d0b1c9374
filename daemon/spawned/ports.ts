/** Whether a port can be listened on, before a process is started that would fail for it. */
import { createServer } from "node:net";

/** @param listen multiaddrs with that port */
export async function arePortsFree(listen: readonly string[], port: number): Promise<boolean> {
  const hosts = listen
    .map((address) => /^\/ip[46]\/([^/]+)\//.exec(address)?.[1])
    .filter((h) => h !== undefined);
  for (const host of new Set(hosts)) if (!(await isFree(host, port))) return false;
  return true;
}

function isFree(host: string, port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once("error", () => resolve(false));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
