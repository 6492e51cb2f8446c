/**
 * What a technician signs about a record: EIP-712 typed data over the record's hash and the members a person can read in a wallet.
 * The hash binds the whole record; the other members are there so that nobody signs blindly, and are checked against it.
 */
import type { RecordBody, RecordSignature, SignedFor } from "./record.ts";
import type { Hex } from "./seal.ts";
import { signerOf, typedDataDigest, type TypedData } from "./typed-data.ts";

export const SIGNED_TYPE = "MaintenanceRecord";
const TYPES: TypedData["types"] = {
  EIP712Domain: [
    { name: "name", type: "string" },
    { name: "version", type: "string" },
    { name: "chainId", type: "uint256" },
    { name: "verifyingContract", type: "address" },
  ],
  [SIGNED_TYPE]: [
    { name: "site", type: "string" },
    { name: "rig", type: "string" },
    { name: "serial", type: "string" },
    { name: "number", type: "uint64" },
    { name: "kind", type: "string" },
    { name: "performed", type: "string" },
    { name: "technician", type: "string" },
    { name: "summary", type: "string" },
    { name: "recordHash", type: "bytes32" },
  ],
};

/** The typed data of a record, as `eth_signTypedData_v4` takes it. `performed` is ISO 8601 UTC; a serial that is not known is "". */
export const recordTypedData = (body: RecordBody, hash: Hex, { chainId, contract }: SignedFor): TypedData => ({
  types: TYPES,
  primaryType: SIGNED_TYPE,
  domain: { name: "Rigtwin", version: "1", chainId, verifyingContract: contract },
  message: {
    site: body.site,
    rig: body.rig,
    serial: body.serial ?? "",
    number: body.number,
    kind: body.kind,
    performed: new Date(body.performedTs).toISOString(),
    technician: body.technician,
    summary: body.summary,
    recordHash: hash,
  },
});

/**
 * How a record stands. `unsigned`: it names no signer. `unproven`: it names one, but has no signature. `wrong`: the signature is not the
 * named signer's over this record. `signed`: it is. Whether the signer may sign says the contract (`wasTechnician`). Never throws.
 */
export type SignatureState = "unsigned" | "unproven" | "wrong" | "signed";
export const signatureState = (body: RecordBody, hash: Hex, signature: RecordSignature | null): SignatureState => {
  if (body.signer === undefined) return signature === null ? "unsigned" : "wrong";
  if (signature === null) return "unproven";
  try {
    return signerOf(typedDataDigest(recordTypedData(body, hash, signature)), signature.signature) === body.signer ? "signed" : "wrong";
  } catch {
    return "wrong";
  }
};
