/**
 * Network, mount and process namespaces made for one run: the machine's own interfaces are not in sight, nothing has a
 * name outside, and all of it, processes too, is gone with the run, however that ends.
 */
import { spawnSync } from "node:child_process";
import { existsSync, lstatSync, mkdtempSync, readdirSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** In the system's folder for temporary files; the number of the process follows. */
const FOLDER = "ncrsh-netns-";
const USER = process.getuid?.() === 0 ? [] : ["--user", "--map-root-user"];
/** Ends with this process, even when that is killed, and takes along whatever runs in its namespaces. */
export const UNSHARE = [
  ...["setpriv", "--pdeathsig", "KILL", "unshare", ...USER],
  ...["--net", "--mount", "--pid", "--mount-proc", "--fork", "--kill-child"],
];
/** One of everything that `test/netns` needs of the kernel and of iproute2. */
const PROBE = `
set -e
mount -t tmpfs tmpfs /run && mkdir /run/netns
ip netns add probe
ip link add br0 type bridge
ip link add port type veth peer name eth0 netns probe
ip -n probe link add sink type veth peer name sink-end
tc -n probe qdisc add dev eth0 clsact
lose="action mirred egress redirect dev sink"
tc -n probe filter add dev eth0 ingress pref 1 protocol ip u32 match ip src 10.77.0.1/32 $lose
tc -n probe filter add dev eth0 ingress pref 2 protocol ip bpf bytecode "1,6 0 0 0" flowid 1:1 $lose
tc -n probe qdisc add dev eth0 root tbf rate 1mbit burst 16kb latency 400ms
`;

/** @returns why namespaces cannot be made here, or null */
export function obstacle() {
  if (process.platform !== "linux") return "network namespaces are Linux'";
  const [program, ...args] = [...UNSHARE, "sh", "-c", PROBE];
  const { status, error, stderr } = spawnSync(program, args, { encoding: "utf8" });
  if (error !== undefined) return `${program} cannot be run: ${error.message}`;
  return status === 0 ? null : stderr.trim() || `${program} ended with ${status}`;
}

/** For the nodes' folders. It is removed with this process, unless `KEEP_LOGS` is set; then it says where it is. */
export function runFolder() {
  removeLeft();
  const keep = Boolean(process.env.KEEP_LOGS);
  const folder = mkdtempSync(join(tmpdir(), `${FOLDER}${keep ? "kept" : process.pid}-`));
  process.on("exit", () => {
    if (keep) process.stdout.write(`\nThe nodes' folders are in ${folder}\n`);
    else rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

/** What `test/netns` is told of where it runs. */
export function namespaceEnv(folder) {
  return { ...process.env, NETNS_OUTSIDE: readlinkSync("/proc/self/ns/net"), NETNS_FOLDER: folder };
}

/** The folders of runs that were killed; of the namespaces nothing can be left. */
function removeLeft() {
  for (const name of readdirSync(tmpdir())) {
    const pid = new RegExp(`^${FOLDER}(\\d+)-`).exec(name)?.[1];
    if (pid === undefined || existsSync(`/proc/${pid}`)) continue;
    const folder = join(tmpdir(), name);
    if (lstatSync(folder).uid === process.getuid?.()) rmSync(folder, { recursive: true, force: true });
  }
}
