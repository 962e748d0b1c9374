/**
 * A way to a node's API, which listens on its host's loopback only. Sockets in the file system do not know of network
 * namespaces: a process on the host passes one on to the API, and this one passes a port of its own on to it.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { fileURLToPath } from "node:url";

const SCRIPT = fileURLToPath(import.meta.url);

export interface Relay {
  /** Port on this process's loopback. */
  readonly port: number;
  stop(): Promise<void>;
}

/**
 * @param command what runs a program on the host
 * @param socketPath at most about 100 characters
 * @param apiPort on the host's loopback
 */
export async function relayTo(
  command: readonly string[],
  socketPath: string,
  apiPort: number,
): Promise<Relay> {
  const [program, ...before] = command as [string, ...string[]];
  const args = [...before, process.execPath, SCRIPT, socketPath, String(apiPort)];
  const child: ChildProcess = spawn(program, args, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  await Promise.race([once(child, "message"), once(child, "exit").then(failed)]);
  const door = passOn(() => connect(socketPath));
  door.listen(0, "127.0.0.1");
  await once(door, "listening");
  return {
    port: (door.address() as AddressInfo).port,
    async stop() {
      door.close();
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill();
      await once(child, "exit");
    },
  };
}

function failed(): never {
  throw new Error("the relay did not start");
}

function passOn(dial: () => Socket): Server {
  return createServer((near) => {
    const far = dial();
    for (const [a, b] of [
      [near, far],
      [far, near],
    ] as const) {
      a.pipe(b);
      a.on("error", () => b.destroy());
      a.on("close", () => b.destroy());
    }
  });
}

if (process.argv[1] === SCRIPT && process.send !== undefined) {
  const [socketPath, port] = process.argv.slice(2) as [string, string];
  passOn(() => connect(Number(port), "127.0.0.1")).listen(socketPath, () => process.send?.("ready"));
  process.on("disconnect", () => process.exit());
}
