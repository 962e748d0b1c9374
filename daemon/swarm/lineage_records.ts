/** A model's history as it is handed on: see `consensus/votes/lineage_record.ts`. */
import type { Genesis } from "../../consensus/formation/index.js";
import { encodeLineageRecord, wrapCommitteeStep, wrapLineageRecord } from "../../consensus/votes/index.js";
import type { LineageStore } from "./lineage_store.js";

/** The genesis, every committee, and the versions of a session from height 0 to `head`, as far as they are here. */
export async function* lineageRecords(
  genesis: Genesis,
  lineage: LineageStore,
  session: string,
  head?: number,
): AsyncGenerator<Uint8Array> {
  yield encodeLineageRecord({ genesis });
  for await (const bytes of lineage.allCommittees()) yield wrapCommitteeStep(bytes);
  for await (const bytes of lineage.all(session, head)) yield wrapLineageRecord("version", bytes);
}
