/** What this node tells others that follow outside the configuration. */
import { type ControlState, toldState } from "../../consensus/control/index.js";
import { toBytes } from "../../consensus/encoding.js";

/** Committed state is never changed in place: it is encoded once, however many ask. */
const encoded = new WeakMap<ControlState, Uint8Array>();

export interface Told {
  readonly v: 1;
  readonly index: number;
  readonly committee: number;
  readonly learners: number;
  readonly session: { readonly id: string; readonly status: string; readonly height: number | null } | null;
  readonly state: Uint8Array | null;
}

export function tell(state: ControlState, full: boolean): Told {
  const { index, committee, learners, session } = state;
  return {
    v: 1,
    index,
    committee: committee.seq,
    learners: learners.length,
    session: session && {
      id: session.id,
      status: session.status,
      height: session.version === null ? null : session.height,
    },
    state: full ? bytesOf(state) : null,
  };
}

function bytesOf(state: ControlState): Uint8Array {
  let bytes = encoded.get(state);
  if (bytes === undefined) {
    bytes = toBytes(toldState(state));
    encoded.set(state, bytes);
  }
  return bytes;
}
