/**
 * `npm run test:netns`: real nodes on hosts in network namespaces, whose links are cut and made bad. Ends with the line
 * `N passed, N failed`. Arguments go to mocha: `-- --grep bridge`; `-- --cut-seconds 600` makes the long cut longer.
 *
 * Everything runs in network, mount and process namespaces made for this run: the machine's own interfaces are not in
 * sight, nothing has a name outside, and all of it, processes too, is gone with the run, however that ends.
 * `KEEP_LOGS=1` keeps the nodes' folders.
 */
import { spawnSync } from "node:child_process";
import { existsSync, lstatSync, mkdtempSync, readdirSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runMocha } from "./lib/mocha.mjs";
import { ensureBuilt, ensureInstalled, ensureNode } from "./lib/setup.mjs";

const EVERY_NETNS_TEST = "dist/test/netns/*.netns.js";
/** In the system's folder for temporary files; the number of the process follows. */
const FOLDER = "ncrsh-netns-";
const USER = process.getuid?.() === 0 ? [] : ["--user", "--map-root-user"];
/** Ends with this process, even when that is killed, and takes along whatever runs in its namespaces. */
const UNSHARE = [
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
function obstacle() {
  if (process.platform !== "linux") return "network namespaces are Linux'";
  const [program, ...args] = [...UNSHARE, "sh", "-c", PROBE];
  const { status, error, stderr } = spawnSync(program, args, { encoding: "utf8" });
  if (error !== undefined) return `${program} cannot be run: ${error.message}`;
  return status === 0 ? null : stderr.trim() || `${program} ended with ${status}`;
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

ensureNode();
ensureInstalled();
ensureBuilt();

const counts = { passed: 0, failed: 0 };
process.on("exit", () => process.stdout.write(`\n${counts.passed} passed, ${counts.failed} failed\n`));

const why = obstacle();
if (why === null) await run();
else process.stdout.write(`Skipped, since hosts cannot be made here: ${why}\n`);

async function run() {
  const args = process.argv.slice(2);
  const at = args.indexOf("--cut-seconds");
  const [, seconds] = at < 0 ? [] : args.splice(at, 2);
  if (at >= 0 && !/^[1-9]\d{0,5}$/.test(seconds ?? ""))
    throw new Error("--cut-seconds: a whole number of seconds");
  removeLeft();
  const keep = Boolean(process.env.KEEP_LOGS);
  const folder = mkdtempSync(join(tmpdir(), `${FOLDER}${keep ? "kept" : process.pid}-`));
  process.on("exit", () => {
    if (keep) process.stdout.write(`\nThe nodes' folders are in ${folder}\n`);
    else rmSync(folder, { recursive: true, force: true });
  });
  counts.failed = 1;
  const { child, result } = runMocha([EVERY_NETNS_TEST, ...args], {
    command: [...UNSHARE, process.execPath],
    env: {
      ...process.env,
      NETNS_OUTSIDE: readlinkSync("/proc/self/ns/net"),
      NETNS_FOLDER: folder,
      ...(seconds === undefined ? {} : { NETNS_CUT_S: seconds }),
    },
    show: (chunk) => process.stdout.write(chunk),
  });
  // The kernel ends every process of a process namespace with its first one, which ends with this child.
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill("SIGKILL"));
  const { passed, failed } = await result;
  Object.assign(counts, { passed, failed: passed + failed === 0 ? 1 : failed });
  process.exitCode = counts.failed === 0 ? 0 : 1;
}
