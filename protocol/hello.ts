/**
 * The handshake `/ncrsh/hello/1`: the dialer says who it is, the listener answers with who it is and whether it goes
 * along, the dialer ends with whether it does. Whoever refuses says why, so that both sides log the same words.
 *
 * The protocol id carries no swarm id: nodes of different swarms must be able to tell each other that they are.
 */
import { z } from "zod";
import { decode, encode, encodeAs, hashSchema, nameSchema, naturalSchema, textSchema } from "./codec.js";
import { ProtocolError } from "./errors.js";
import { HELLO_BYTES_MAX, HELLO_TIMEOUT_MS, PROTOCOL_VERSION, PROTOCOL_VERSION_MIN } from "./limits.js";
import type { FrameStream } from "./streams.js";

export const HELLO_PROTOCOL = "/ncrsh/hello/1";

/** Any `v` is read: a node of a later version must still be told why it is refused. */
export const helloSchema = z.object({
  v: naturalSchema,
  /** The protocol that the node speaks… */
  protocol: naturalSchema,
  /** …and the oldest that it still understands. */
  minProtocol: naturalSchema,
  swarm: nameSchema,
  name: nameSchema,
  version: nameSchema,
  /** What the swarm was founded on; after it was recovered by force, the digest of the last recovery… */
  formation: hashSchema.nullable(),
  /** …and then this is what it was founded on. */
  origin: hashSchema.optional(),
});
export type Hello = z.infer<typeof helloSchema>;

/** Null: the sender goes along. */
const refusalSchema = textSchema.nullable();
export const helloAnswerSchema = z.object({ v: naturalSchema, hello: helloSchema, refusal: refusalSchema });
export const helloVerdictSchema = z.object({ v: naturalSchema, refusal: refusalSchema });

export type HelloOutcome =
  | { readonly kind: "accepted"; readonly hello: Hello }
  | { readonly kind: "refused"; readonly reason: string; readonly byUs: boolean };

/** Field by field: a hello goes to strangers, nothing else that a caller's object carries may ride along. */
export function helloOf(node: Pick<Hello, "swarm" | "name" | "version" | "formation" | "origin">): Hello {
  const { swarm, name, version, formation, origin } = node;
  return {
    v: 1,
    protocol: PROTOCOL_VERSION,
    minProtocol: PROTOCOL_VERSION_MIN,
    swarm,
    name,
    version,
    formation,
    ...(origin === undefined ? {} : { origin }),
  };
}

/** Why two nodes cannot be of one swarm, or null. The same words whichever side asks. */
export function refusalOf(a: Hello, b: Hello): string | null {
  if (a.swarm !== b.swarm) {
    const [first, second] = [a.swarm, b.swarm].sort();
    return `different swarm ids: "${first}" and "${second}"`;
  }
  if (a.protocol < b.minProtocol || b.protocol < a.minProtocol) {
    const [older, newer] = a.protocol < b.protocol ? [a, b] : [b, a];
    return (
      `incompatible protocols: version ${older.version} speaks ${older.protocol}, ` +
      `version ${newer.version} needs at least ${newer.minProtocol}: upgrade the older node`
    );
  }
  if (a.formation !== null && b.formation !== null && a.formation !== b.formation) {
    if ((a.origin ?? a.formation) === (b.origin ?? b.formation)) return recoveredApart(a, b);
    const [first, second] = [a.formation, b.formation].sort();
    return `two swarms were formed under the id "${a.swarm}": ${first} and ${second}`;
  }
  return null;
}

/** One swarm, of which the nodes follow different recoveries, or one of them none: they are two swarms now. */
function recoveredApart(a: Hello, b: Hello): string {
  const recoveries = [a, b].flatMap((hello) => (hello.origin === undefined ? [] : [hello.formation])).sort();
  return (
    `the swarm "${a.swarm}" was recovered by force (${recoveries.join(" and ")}) and only one side follows ` +
    "that: to follow it, stop the other node, empty its whole data folder, and start it with --accept-recovery and that digest"
  );
}

/** Why this node does not join the other one's swarm, or null: nobody follows a recovery without having been told to. */
export function unacceptedRecovery(mine: Hello, theirs: Hello, accepted: readonly string[]): string | null {
  const { formation, origin, swarm } = theirs;
  if (origin === undefined || formation === null || formation === mine.formation) return null;
  if (accepted.includes(formation)) return null;
  return (
    `the swarm "${swarm}" was recovered by force by one of its nodes, and what others had committed may be lost: ` +
    `a node follows it only when it is started with --accept-recovery ${formation} (consensus.accept_recovery)`
  );
}

/** The dialer's side. @throws ProtocolError when the other side breaks off or does not speak the protocol */
export async function greet(
  frames: FrameStream,
  mine: Hello,
  accepted: readonly string[] = [],
): Promise<HelloOutcome> {
  await frames.write(encodeAs(helloSchema, mine, "hello"), HELLO_TIMEOUT_MS);
  const answer = decode(helloAnswerSchema, await next(frames), {
    what: "answer to hello",
    maxBytes: HELLO_BYTES_MAX,
  });
  if (answer.refusal !== null) return { kind: "refused", reason: answer.refusal, byUs: false };
  const refusal = refusalOf(mine, answer.hello) ?? unacceptedRecovery(mine, answer.hello, accepted);
  await frames.write(encode({ v: 1, refusal }), HELLO_TIMEOUT_MS);
  await frames.close();
  return outcomeOf(answer.hello, refusal);
}

/** The listener's side. @throws ProtocolError when the other side breaks off or does not speak the protocol */
export async function answer(
  frames: FrameStream,
  mine: Hello,
  accepted: readonly string[] = [],
): Promise<HelloOutcome> {
  const theirs = decode(helloSchema, await next(frames), { what: "hello", maxBytes: HELLO_BYTES_MAX });
  const refusal = refusalOf(mine, theirs) ?? unacceptedRecovery(mine, theirs, accepted);
  await frames.write(
    encodeAs(helloAnswerSchema, { v: 1, hello: mine, refusal }, "answer to hello"),
    HELLO_TIMEOUT_MS,
  );
  if (refusal !== null) {
    await frames.close();
    return outcomeOf(theirs, refusal);
  }
  const verdict = decode(helloVerdictSchema, await next(frames), {
    what: "verdict on hello",
    maxBytes: HELLO_BYTES_MAX,
  });
  await frames.close();
  if (verdict.refusal !== null) return { kind: "refused", reason: verdict.refusal, byUs: false };
  return outcomeOf(theirs, null);
}

function outcomeOf(hello: Hello, refusal: string | null): HelloOutcome {
  return refusal === null ? { kind: "accepted", hello } : { kind: "refused", reason: refusal, byUs: true };
}

async function next(frames: FrameStream): Promise<Uint8Array> {
  const frame = await frames.read(HELLO_TIMEOUT_MS);
  if (frame === null) throw new ProtocolError("STREAM_CLOSED", "hello: the other side broke off");
  return frame;
}
