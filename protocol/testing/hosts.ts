/** Real nodes on loopback, for tests: started together, stopped together. */

import type { Connection, Stream } from "@libp2p/interface";
import { multiaddr } from "@multiformats/multiaddr";
import { MemoryBlobs } from "../blobs/testing/memory_storage.js";
import { GossipDiscovery } from "../discovery.js";
import { greet, HELLO_PROTOCOL, type Hello, helloOf } from "../hello.js";
import { type HostOptions, SwarmHost } from "../host.js";
import { createIdentity, type Identity } from "../identity.js";
import { createNode, type SwarmLibp2p } from "../libp2p_node.js";
import { HELLO_BYTES_MAX } from "../limits.js";
import { silentLogger } from "../logger.js";
import { FrameStream } from "../streams.js";
import { Traffic } from "../traffic.js";

export const TEST_SWARM = "test";

export interface TestHost {
  readonly host: SwarmHost;
  readonly blobs: MemoryBlobs;
}

export class TestHosts {
  private readonly stops: (() => Promise<void>)[] = [];

  /** One started node; what is not given has a default fit for loopback. */
  async host(options: Partial<HostOptions> = {}): Promise<TestHost> {
    const blobs = new MemoryBlobs();
    const host = await SwarmHost.create({
      identity: createIdentity(),
      swarmId: TEST_SWARM,
      version: "1.2.3",
      name: "test",
      listen: ["/ip4/127.0.0.1/tcp/0"],
      announce: [],
      bootstrap: [],
      mdns: false,
      swarmKey: null,
      maxConnections: 50,
      logger: silentLogger,
      formation: () => null,
      blobStorage: blobs,
      ...options,
    });
    this.stops.push(() => host.stop());
    await host.start();
    return { host, blobs };
  }

  /** Nodes that all know the first one, once everybody sees everybody. */
  async swarm(size: number, options: Partial<HostOptions> = {}): Promise<TestHost[]> {
    const first = await this.host(options);
    const bootstrap = first.host.addresses();
    const rest = await Promise.all(
      Array.from({ length: size - 1 }, () => this.host({ ...options, bootstrap })),
    );
    const all = [first, ...rest];
    await eventually(() => all.every(({ host }) => host.peers().length === size - 1));
    return all;
  }

  /** A node without manners: it says hello if told to, and then whatever a test makes it say. */
  async raw({ identity = createIdentity(), listen = [] as string[] } = {}): Promise<RawPeer> {
    const node = await createNode({
      identity,
      swarmId: TEST_SWARM,
      version: "0",
      listen,
      announce: [],
      mdns: null,
      swarmKey: null,
      maxConnections: 50,
      traffic: new Traffic(),
      discovery: new GossipDiscovery(TEST_SWARM),
      denyDial: () => false,
      admitted: () => true,
    });
    await node.start();
    this.stops.push(() => Promise.resolve(node.stop()));
    return new RawPeer(node, identity);
  }

  async stop(): Promise<void> {
    await Promise.all(this.stops.splice(0).map((stop) => stop()));
  }
}

export class RawPeer {
  private connection: Connection | null = null;

  constructor(
    readonly node: SwarmLibp2p,
    readonly identity: Identity,
  ) {}

  async dial(host: { addresses(): string[] }): Promise<Connection> {
    this.connection = await this.node.dial(multiaddr(host.addresses()[0] as string));
    return this.connection;
  }

  addresses(): string[] {
    return this.node.getMultiaddrs().map(String);
  }

  /** Dials and passes the handshake. */
  async join(host: SwarmHost, hello: Partial<Hello> = {}): Promise<Connection> {
    const connection = await this.dial(host);
    const mine = helloOf({ swarm: TEST_SWARM, name: "raw", version: "0", formation: null });
    await greet(await this.frames(HELLO_PROTOCOL, HELLO_BYTES_MAX), { ...mine, ...hello });
    return connection;
  }

  open(protocol: string): Promise<Stream> {
    if (this.connection === null) throw new Error("not connected");
    return this.connection.newStream(protocol);
  }

  async frames(protocol: string, maxFrameBytes = 1024 * 1024): Promise<FrameStream> {
    return new FrameStream(await this.open(protocol), { what: "raw", maxFrameBytes });
  }
}

/** Long enough for any machine, and below the tests' own timeout, so that a failure leaves nothing running. */
const PATIENCE_MS = 15_000;

/** Waits for something that another node has yet to do. */
export async function eventually(holds: () => boolean | Promise<boolean>): Promise<void> {
  const untilMs = Date.now() + PATIENCE_MS;
  while (!(await holds())) {
    if (Date.now() > untilMs) throw new Error(`still not so after ${PATIENCE_MS} ms: ${holds}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Resolves when the other side has closed or reset the stream. */
export async function closed(stream: Stream): Promise<void> {
  await eventually(() => stream.status !== "open" || stream.remoteWriteStatus === "closed");
}
