/**
 * Hosts in network namespaces of their own, joined by a bridge: each has an address, multicast and no way out.
 *
 * The process that builds them must be in network, mount and process namespaces that were made for it
 * (`scripts/test_netns.mjs`). So the machine's own interfaces are never in sight, names cannot collide with another
 * run's, and the kernel takes everything away with the last process, however that ended.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, readlinkSync } from "node:fs";

export interface Host {
  /** Of the namespace. */
  readonly name: string;
  /** IPv4, on the bridge. */
  readonly address: string;
}

const BRIDGE = "swarm-bridge";
/** Of each host: the way to the bridge, and a device that loses whatever is sent to it (its other end is down). */
export const DEVICE = "eth0";
export const SINK = "sink";

/** The network namespace of the machine, as `/proc/self/ns/net` there names it. */
const OUTSIDE = process.env.NETNS_OUTSIDE;
let mounted = false;

export class Hosts {
  private constructor(readonly all: readonly Host[]) {}

  /** @throws unless this process has network namespaces of its own */
  static build(count: number): Hosts {
    if (OUTSIDE === undefined || readlinkSync("/proc/self/ns/net") === OUTSIDE)
      throw new Error("these tests build networks: run them by `npm run test:netns`");
    if (!mounted) {
      // `ip netns` keeps its names under /run: here in a folder that nobody else sees.
      execFileSync("mount", ["-t", "tmpfs", "tmpfs", "/run"]);
      mkdirSync("/run/netns");
      mounted = true;
    }
    ip("link set lo up");
    // Without snooping the bridge hands multicast on to everybody, as an unmanaged switch does.
    ip(`link add ${BRIDGE} type bridge mcast_snooping 0`);
    ip(`link set ${BRIDGE} up`);
    return new Hosts(Array.from({ length: count }, (_, i) => addHost(i + 1)));
  }

  /** What to put in front of a command so that it runs on this host. */
  command(host: Host): string[] {
    return ["ip", "netns", "exec", host.name];
  }

  /** Once nothing runs on them any more. */
  remove(): void {
    for (const { name } of this.all) ip(`netns del ${name}`);
    ip(`link del ${BRIDGE}`);
  }
}

function addHost(number: number): Host {
  const name = `host-${number}`;
  const address = `10.77.0.${number}`;
  ip(`netns add ${name}`);
  ip(`link add port-${number} type veth peer name ${DEVICE} netns ${name}`);
  ip(`link set port-${number} master ${BRIDGE} up`);
  ip(`-n ${name} addr add ${address}/24 dev ${DEVICE}`);
  // One packet is one frame: otherwise a lost "packet" would be up to 64 KiB, which no real wire carries.
  ip(`-n ${name} link set ${DEVICE} gso_max_segs 1 up`);
  ip(`-n ${name} link set lo up`);
  ip(`-n ${name} route add 224.0.0.0/4 dev ${DEVICE}`);
  ip(`-n ${name} link add ${SINK} type veth peer name sink-end`);
  ip(`-n ${name} link set ${SINK} up`);
  tc(name, `qdisc add dev ${DEVICE} clsact`);
  return { name, address };
}

function ip(args: string): void {
  execFileSync("ip", args.split(" "), { stdio: ["ignore", "ignore", "pipe"] });
}

/** @param args in one string, or a list when one of them has blanks */
export function tc(name: string, args: string | readonly string[]): void {
  const list = typeof args === "string" ? args.split(" ") : args;
  execFileSync("tc", ["-n", name, ...list], { stdio: ["ignore", "ignore", "pipe"] });
}
