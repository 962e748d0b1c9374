/**
 * Every bound of the protocol. What happens past each of them is said in its comment and tested beside its user.
 * Units are in the names.
 */
const KIB = 1024;
const MIB = 1024 * KIB;

// --- Versions -------------------------------------------------------------------------------------------------

/** The protocol that this code speaks; raised with every change that older nodes cannot understand. */
export const PROTOCOL_VERSION = 2;
/** The oldest protocol that this code still speaks. */
export const PROTOCOL_VERSION_MIN = 2;

// --- Messages ---------------------------------------------------------------------------------------------------

/** Nesting of arrays and maps in one message; deeper is malformed. */
export const CBOR_DEPTH_MAX = 16;
/** Characters of a peer id, session name or other identifier. */
export const NAME_CHARS_MAX = 128;
/** Characters of a reason, phase or other text for people; longer ones are cut by the sender, refused by the receiver. */
export const TEXT_CHARS_MAX = 512;
/** Characters of one multiaddr. */
export const ADDRESS_CHARS_MAX = 256;
/** Addresses that one heartbeat lists. */
export const ADDRESSES_MAX = 16;
/** Bytes of a signed manifest. */
export const MANIFEST_BYTES_MAX = 4 * KIB;
/** Payload bytes that may travel inside the gossip; larger ones are fetched as blobs. */
export const INLINE_PAYLOAD_BYTES_MAX = 256 * KIB;
/** Bytes of an announced certificate; a larger one is not announced, the log alone carries it. */
export const CERTIFICATE_BYTES_MAX = 512 * KIB;

// --- Hello --------------------------------------------------------------------------------------------------------

/** Bytes of one hello frame; a longer one ends the connection. */
export const HELLO_BYTES_MAX = 4 * KIB;
/** A connection without a completed hello is closed after this. */
export const HELLO_TIMEOUT_MS = 10_000;
/** How long the side that refuses waits for the other to have read why. */
export const REFUSAL_LINGER_MS = 1000;
/** A refused peer is not dialed again before this; it may dial us. */
export const REFUSED_REDIAL_MS = 30_000;
/** Refusals remembered; the oldest is forgotten first. */
export const REFUSALS_MAX = 64;

// --- Connections --------------------------------------------------------------------------------------------------

/** Inbound connections per second and remote host; libp2p's own 5 slows ten nodes on one host to a crawl. */
export const INBOUND_CONNECTIONS_PER_HOST_PER_S = 100;
/** Inbound connections that have not finished their handshake; more are closed. */
export const PENDING_CONNECTIONS_MAX = 64;
/** One dial, all addresses of the peer together. */
export const DIAL_TIMEOUT_MS = 10_000;
/** One address of a peer. */
export const ADDRESS_DIAL_TIMEOUT_MS = 6000;
/** Agreeing on the protocol of a new stream, either direction. */
export const STREAM_NEGOTIATION_TIMEOUT_MS = 5000;
/** Every connection is probed this often. */
export const LINK_PROBE_INTERVAL_MS = 2000;
/** A probe that takes longer than this ends the connection. */
export const LINK_PROBE_TIMEOUT_MS = 5000;
/** The upper bound to which slow probes may stretch the probe timeout. */
export const LINK_PROBE_TIMEOUT_MS_MAX = 10_000;
/**
 * Ping streams of one connection, each direction. libp2p allows one outbound by default and takes a second one for a
 * dead link: a probe that overlaps a slow one would end a healthy connection. Room for every probe that can be under
 * way and a latency measurement.
 */
export const PING_STREAMS_MAX = 16;
/** Round trips are measured this often per peer. */
export const LATENCY_INTERVAL_MS = 10_000;
/** A round trip that takes longer is not counted. */
export const LATENCY_TIMEOUT_MS = 5000;
/** Round trips measured at a time. */
export const LATENCY_CONCURRENCY = 4;
/** Stopping is forced after this. */
export const STOP_TIMEOUT_MS = 5000;
/** Bytes that a stream may have in flight towards us: its window. Half of what libp2p's read buffer holds. */
export const STREAM_WINDOW_BYTES_MAX = 4 * MIB;
/** Bytes that libp2p buffers for a paused stream before it resets it. */
export const STREAM_READ_BUFFER_BYTES_MAX = 8 * MIB;

// --- Finding each other -------------------------------------------------------------------------------------------

/** Longest look around that may be asked for; what is found later is found all the same. */
export const DISCOVER_MS_MAX = 30_000;
/** A look around takes at least this long, so that who hears of this node only now can still call. */
export const DISCOVER_MS_MIN = 1000;
/** Between two looks at whether everybody who was dialed has answered. */
export const DISCOVER_POLL_MS = 50;
/** Every node gossips its addresses this often. */
export const DISCOVERY_INTERVAL_MS = 10_000;
/** A node that hears of a new listener gossips its addresses this soon, once for all that come meanwhile. */
export const DISCOVERY_AT_ONCE_MS = 200;
/** Bytes of one gossiped address record. */
export const DISCOVERY_BYTES_MAX = 4 * KIB;
/** The redial loop looks for work this often. */
export const REDIAL_TICK_MS = 250;
/** Dials of the redial loop at a time. */
export const REDIAL_CONCURRENCY = 8;
/** Of these, dials of peers that were never connected: whoever invents addresses does not hold up the others. */
export const REDIAL_UNMET_CONCURRENCY = 4;
/** First wait after a failed dial; doubles up to `REDIAL_MS_MAX`, each with ±25 % jitter. */
export const REDIAL_MS_MIN = 500;
/** Longest wait between dials of one peer. */
export const REDIAL_MS_MAX = 15_000;
/** Longest wait between dials of a bootstrap peer while it is sought eagerly. */
export const BOOTSTRAP_REDIAL_MS_MAX = 1000;
/** A bootstrap peer is sought eagerly for this long after it was last up or the node started. */
export const BOOTSTRAP_EAGER_MS = 600_000;
/**
 * Peers that the redial loop remembers; past it one that was never connected is forgotten first, with its addresses,
 * and among those the longest unreachable.
 */
export const REDIAL_PEERS_MAX = 1000;
/** A peer that could not be reached for this long is forgotten (bootstrap peers never are). */
export const REDIAL_FORGET_MS = 3_600_000;
/** A peer that was found and never connected is forgotten after this; while it lives it is found again. */
export const REDIAL_UNMET_FORGET_MS = 300_000;
/** Peers up to which newly found ones are dialed at once; beyond it links are opened when they are needed. */
export const PEERS_WANTED = 128;
/** A link over which gossip does not flow this long after it came up is closed, so that it is opened afresh. */
export const GOSSIP_GRACE_MS = 10_000;

// --- Gossip -------------------------------------------------------------------------------------------------------

/** Mesh upkeep. */
export const GOSSIP_HEARTBEAT_MS = 1000;
/**
 * Authors whose rate and sequence numbers are tracked per topic, known ones and strangers each; the longest silent is
 * forgotten first.
 */
export const RATE_AUTHORS_MAX = 10_000;
/** Numbers below an author's highest that may still arrive, each once; a message with an older one is ignored. */
export const GOSSIP_SEQUENCE_WINDOW = 64;
/** Rates of one author that all authors unknown to this node share, per neighbor that brings them; more is ignored. */
export const GOSSIP_STRANGERS_SHARE = 4;
/** Address records per second and author on the discovery topic; more are ignored. */
export const DISCOVERY_PER_SECOND = 2;
/** Address records of one author at once; more are ignored. */
export const DISCOVERY_BURST = 10;

// --- Streams, calls, Raft ---------------------------------------------------------------------------------------

/** Bytes handed to a stream at a time before looking at its backpressure. */
export const STREAM_WRITE_BYTES = 256 * KIB;
/** Bytes received beyond the frame being read at which a stream is held back. */
export const STREAM_READ_AHEAD_BYTES = 64 * KIB;
/** Frames read from what is there already before other work has its turn. */
export const STREAM_FRAMES_PER_TURN = 64;
/** Bytes of larger frames (above `STREAM_READ_AHEAD_BYTES`) of calls and Raft being received at a time; more wait. */
export const RECEIVING_BYTES_MAX = 256 * MIB;
/** Of these, bytes of frames of peers that are no members; more wait. */
export const RECEIVING_STRANGERS_BYTES_MAX = 64 * MIB;
/** Bytes of a call's header frame (method or outcome). */
export const RPC_HEADER_BYTES_MAX = 4 * KIB;
/** Bytes of a call's body unless its method says less. */
export const RPC_BODY_BYTES_MAX = 16 * MIB;
/** A request, both frames, must have arrived this long after its stream opened. */
export const RPC_REQUEST_TIMEOUT_MS = 10_000;
/** A call without its own timeout. */
export const RPC_TIMEOUT_MS = 10_000;
/** Calls of one peer served at a time; more are answered `OVERLOADED`. */
export const RPC_SERVED_PER_PEER_MAX = 32;
/** Calls served at a time in all; more are answered `OVERLOADED`. */
export const RPC_SERVED_MAX = 256;
/** Of these, calls that only members of the swarm get served. */
export const RPC_SERVED_RESERVED = 128;
/** Calls of one peer that is no member served at a time; more are answered `OVERLOADED`. */
export const RPC_SERVED_PER_STRANGER_MAX = 8;
/** Own calls to one peer at a time; more fail with `OVERLOADED`. */
export const RPC_CALLS_PER_PEER_MAX = 64;
/** Own calls at a time in all; more fail with `OVERLOADED`. */
export const RPC_CALLS_MAX = 512;

/** Bytes of one Raft message; holds a snapshot chunk or a batch of entries. */
export const RAFT_FRAME_BYTES_MAX = 20 * MIB;
/** Inbound Raft streams of peers that are no members (a newcomer knows none yet); past it the oldest is reset. */
export const RAFT_STRANGERS_MAX = 8;
/** Raft messages waiting for one peer; further ones are dropped (Raft repeats itself). */
export const RAFT_QUEUE_FRAMES_MAX = 256;
/** Bytes waiting for one peer; further messages are dropped. */
export const RAFT_QUEUE_BYTES_MAX = 32 * MIB;
/** Opening the stream and writing one message each take at most this. */
export const RAFT_WRITE_TIMEOUT_MS = 10_000;
/** A message that has begun must have arrived after this. */
export const RAFT_FRAME_TIMEOUT_MS = 30_000;
/** First wait before a broken Raft stream is reopened; doubles up to `RAFT_REOPEN_MS_MAX`. */
export const RAFT_REOPEN_MS_MIN = 50;
/** Longest wait before a broken Raft stream is reopened. */
export const RAFT_REOPEN_MS_MAX = 1000;

// --- Blobs --------------------------------------------------------------------------------------------------------

/** Bytes of the largest blob that is fetched unless configured otherwise. */
export const BLOB_BYTES_MAX = 64 * 1024 * MIB;
/** Chunks in one request. */
export const BLOB_RANGE_CHUNKS_MAX = 32;
/** Bytes of a request or of an answer's header. */
export const BLOB_HEADER_BYTES_MAX = 1 * KIB;
/** Requests served at a time in all. */
export const BLOB_SERVED_MAX = 16;
/** Of these, requests that only members of the swarm get served. */
export const BLOB_SERVED_RESERVED = 8;
/** Requests of one peer served at a time. */
export const BLOB_SERVED_PER_PEER_MAX = 4;
/** Requests of one peer that is no member served at a time. */
export const BLOB_SERVED_PER_STRANGER_MAX = 2;
/** A peer must take an answer at this rate at least, `BLOB_FRAME_TIMEOUT_MS` apart; else its stream is reset. */
export const BLOB_SERVED_BYTES_PER_S_MIN = 64 * KIB;
/** Requests of one peer that wait for their turn; more are answered `busy`. */
export const BLOB_WAITING_PER_PEER_MAX = 16;
/** A request must come this soon on an open stream, else the stream is closed. */
export const BLOB_IDLE_TIMEOUT_MS = 30_000;
/** One frame must have been taken or given after this, else the other side counts as stalled. */
export const BLOB_FRAME_TIMEOUT_MS = 15_000;
/** Donors of one blob at a time. */
export const BLOB_DONORS_MAX = 4;
/** Blobs fetched at a time; more wait their turn. */
export const BLOB_FETCHES_MAX = 16;
/** Fetches that may wait for their turn; more fail with `OVERLOADED`. */
export const BLOB_FETCHES_WAITING_MAX = 1024;
/** How often a download looks for new donors and for its own timeout. */
export const BLOB_LOOK_INTERVAL_MS = 100;
/** A fetch without its own timeout gives up after this long without a new chunk. */
export const BLOB_FETCH_TIMEOUT_MS = 60_000;
/** First wait before a donor that failed is asked again; doubles with every failure. */
export const BLOB_DONOR_RETRY_MS = 250;
/** Longest wait before a donor that failed is asked again. */
export const BLOB_DONOR_RETRY_MS_MAX = 5000;
/** A chunk that a donor has owed for this long is asked of an idle one as well. */
export const BLOB_STEAL_AFTER_MS = 1000;
