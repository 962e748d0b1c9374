/**
 * Breaks what travels between hosts, one direction at a time. Everything is done where a packet arrives, so that its
 * sender learns nothing: it is silence, as of a pulled cable further off, and no error.
 *
 * The kernel may have neither iptables nor netem nor a `drop` action. What all have: `u32` and classic BPF to choose
 * packets, `mirred` to send them into a device that loses them, and `tbf`.
 */
import { DEVICE, type Host, SINK, tc } from "./hosts.js";

const CUT = 1;
const LOSS = 2;
const LOSE = ["action", "mirred", "egress", "redirect", "dev", SINK];
/** Linux' classic BPF: SKF_AD_OFF + SKF_AD_RANDOM, a random word for each packet. */
const RANDOM_WORD = 0x1_0000_0000 - 0x1000 + 56;
const WORDS = 2 ** 32;

export class Links {
  private readonly filtered = new Map<Host, Set<number>>();
  private readonly limited = new Set<Host>();

  /** From now on `to` hears nothing of `from`, be it unicast or multicast. */
  deafen(to: Host, from: readonly Host[]): void {
    for (const { address } of from)
      this.filter(to, CUT, ["u32", "match", "ip", "src", `${address}/32`, ...LOSE]);
  }

  /** Cuts both ways between everybody here and everybody there. */
  cut(here: readonly Host[], there: readonly Host[]): void {
    for (const host of here) this.deafen(host, there);
    for (const host of there) this.deafen(host, here);
  }

  /** Every packet that arrives at these hosts is lost with this probability. */
  lose(hosts: readonly Host[], probability: number): void {
    const threshold = Math.round(probability * WORDS);
    // A = random; if (A >= threshold) not chosen; else chosen.
    const program = [`4,32 0 0 ${RANDOM_WORD}`, `53 0 1 ${threshold}`, "6 0 0 0", `6 0 0 ${WORDS - 1}`].join(
      ",",
    );
    for (const host of hosts) this.filter(host, LOSS, ["bpf", "bytecode", program, "flowid", "1:1", ...LOSE]);
  }

  /** What these hosts send leaves at this rate at most; more than 400 ms of it is lost. */
  limit(hosts: readonly Host[], kbitPerSecond: number): void {
    for (const host of hosts) {
      tc(
        host.name,
        `qdisc replace dev ${DEVICE} root tbf rate ${kbitPerSecond}kbit burst 16kb latency 400ms`,
      );
      this.limited.add(host);
    }
  }

  heal(): void {
    for (const [host, kinds] of this.filtered)
      for (const kind of kinds) tc(host.name, `filter del dev ${DEVICE} ingress pref ${kind}`);
    for (const host of this.limited) tc(host.name, `qdisc del dev ${DEVICE} root`);
    this.filtered.clear();
    this.limited.clear();
  }

  private filter(host: Host, kind: number, what: readonly string[]): void {
    const where = `filter add dev ${DEVICE} ingress pref ${kind} protocol ip`.split(" ");
    tc(host.name, [...where, ...what]);
    this.filtered.set(host, (this.filtered.get(host) ?? new Set()).add(kind));
  }
}
