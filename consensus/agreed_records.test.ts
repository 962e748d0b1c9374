import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { decodeCommand, encodeCommand } from "./control/commands.js";
import { toBytes } from "./encoding.js";
import { formationOf, genesisSchema } from "./formation/genesis.js";
import * as samples from "./testing/agreed_samples.js";
import {
  committeePreimage,
  decisionDigest,
  decodeCertificate,
  decodeCommitteeCertificate,
  decodeLineageRecord,
  encodeCertificate,
  encodeCommitteeCertificate,
  encodeLineageRecord,
  encodeRecovery,
  type LineageRecord,
  recoveryDigest,
  recoveryPreimage,
  votePreimage,
} from "./votes/index.js";

const GOLDEN = path.join(process.cwd(), "consensus/testdata/agreed_records.json");
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

const RECORDS: Readonly<Record<string, LineageRecord>> = {
  genesis: { genesis: samples.SAMPLE_GENESIS },
  committee: { committee: samples.SAMPLE_COMMITTEE_CERTIFICATE },
  recovery: { recovery: samples.SAMPLE_RECOVERY },
  version: { version: samples.SAMPLE_CERTIFICATE },
};

function encodings(): Record<string, string> {
  const { SAMPLE_DECISION, SAMPLE_FIRST_DECISION, SAMPLE_COMMITTEE_DECISION, SAMPLE_GENESIS } = samples;
  const found: Record<string, string> = {
    genesis: hex(toBytes(SAMPLE_GENESIS)),
    "genesis formation": formationOf(SAMPLE_GENESIS),
    "decision preimage": hex(votePreimage(SAMPLE_DECISION)),
    "decision digest": decisionDigest(SAMPLE_DECISION),
    "first decision preimage": hex(votePreimage(SAMPLE_FIRST_DECISION)),
    "committee decision preimage": hex(committeePreimage(SAMPLE_COMMITTEE_DECISION)),
    "committee decision digest": decisionDigest(SAMPLE_COMMITTEE_DECISION),
    "recovery preimage": hex(recoveryPreimage(samples.SAMPLE_RECOVERY_DECISION)),
    "recovery digest": recoveryDigest(samples.SAMPLE_RECOVERY_DECISION),
    recovery: hex(encodeRecovery(samples.SAMPLE_RECOVERY)),
    certificate: hex(encodeCertificate(samples.SAMPLE_CERTIFICATE)),
    "committee certificate": hex(encodeCommitteeCertificate(samples.SAMPLE_COMMITTEE_CERTIFICATE)),
  };
  for (const [name, record] of Object.entries(RECORDS))
    found[`lineage record ${name}`] = hex(encodeLineageRecord(record));
  for (const [type, command] of Object.entries(samples.SAMPLE_COMMANDS))
    found[`command ${type}`] = hex(encodeCommand(command));
  return found;
}

describe("what is agreed on", () => {
  /** `UPDATE_GOLDEN=1` writes the file anew: only together with a new `v`, since old signatures must stay valid. */
  it("has the bytes that were signed and stored by other versions of this software", () => {
    const now = encodings();
    if (process.env.UPDATE_GOLDEN === "1") writeFileSync(GOLDEN, `${JSON.stringify(now, null, 2)}\n`);
    assert.ok(existsSync(GOLDEN), `${GOLDEN} is missing`);
    assert.deepEqual(now, JSON.parse(readFileSync(GOLDEN, "utf8")));
  });

  it("is read back from those bytes as it was", () => {
    const golden: Record<string, string> = JSON.parse(readFileSync(GOLDEN, "utf8"));
    const bytes = (name: string) => Buffer.from(golden[name] ?? "", "hex");
    assert.deepEqual(decodeCertificate(bytes("certificate")), samples.SAMPLE_CERTIFICATE);
    assert.deepEqual(
      decodeCommitteeCertificate(bytes("committee certificate")),
      samples.SAMPLE_COMMITTEE_CERTIFICATE,
    );
    for (const [name, record] of Object.entries(RECORDS))
      assert.deepEqual(decodeLineageRecord(bytes(`lineage record ${name}`)), record);
    for (const [type, command] of Object.entries(samples.SAMPLE_COMMANDS))
      assert.deepEqual(decodeCommand(bytes(`command ${type}`)), command);
    assert.deepEqual(genesisSchema.parse(samples.SAMPLE_GENESIS), samples.SAMPLE_GENESIS);
  });
});
