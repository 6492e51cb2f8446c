/**
 * Sealed statements about a rig. A record's bytes are the RFC 8785 (JCS) form of its body; its hash is SHA-256 over them;
 * each names the hash of the rig's record before it, so none can be taken out or put in between unseen.
 */
import type { AlarmAct } from "./alarms/acts.ts";
import type { Mapping } from "./dialects/mapping.ts";
import type { Position } from "./reading.ts";

export const RECORD_CONTEXT = "rigtwin/record/v1";

export const RECORD_KINDS = [
  "registration",
  "installation",
  "inspection",
  "cleaning",
  "part-replaced",
  "firmware",
  "repair-sent",
  "repair-returned",
  "retired",
] as const;
export type RecordKind = (typeof RECORD_KINDS)[number];

export const PARTS = ["board", "psu", "fan", "control-board", "other"] as const;

export interface ReplacedPart {
  readonly part: (typeof PARTS)[number];
  /** 0-based place, null where there is only one. */
  readonly index: number | null;
  readonly oldSerial: string | null;
  readonly newSerial: string | null;
}

/** Only strings, null and integers up to 2^53 - 1, so that every JCS implementation gives the same bytes. */
export interface RecordBody {
  readonly v: 1;
  readonly context: typeof RECORD_CONTEXT;
  readonly site: string;
  readonly rig: string;
  /** The machine's own serial number, as known when sealed. */
  readonly serial: string | null;
  /** 1 for the rig's first record, then without gaps. */
  readonly number: number;
  /** Hash of record number - 1, null for the first. */
  readonly prev: `0x${string}` | null;
  readonly kind: RecordKind;
  /** When the work was done, ms UTC. */
  readonly performedTs: number;
  /** When it was sealed (journal clock), ms UTC. */
  readonly sealedTs: number;
  /** A pseudonym (badge, key id); never a person's name. */
  readonly technician: string;
  readonly summary: string;
  readonly parts: readonly ReplacedPart[];
  /** Address (lower case) of the key that signs the record; left out where nobody signs it. */
  readonly signer?: `0x${string}`;
}

/** For which contract a signature was made. After the loss of a local chain the records are sent to another one; this stays. */
export interface SignedFor {
  readonly chainId: number;
  readonly contract: `0x${string}`;
}
/** A record's EIP-712 signature (r ‖ s ‖ v) and the domain it was made for. Who signed stands in the record itself. */
export interface RecordSignature extends SignedFor {
  readonly signature: `0x${string}`;
}

/** sealed: in the journal. sent: a transaction is out. final: as deep in the chain as configured. refused: the contract said no. */
export const RECORD_STATUSES = ["sealed", "sent", "final", "refused"] as const;
export type RecordStatus = (typeof RECORD_STATUSES)[number];

/** A record with what is known of it; `bytes` is the exact canonical text that was hashed. */
export interface TwinRecord {
  readonly hash: `0x${string}`;
  readonly bytes: string;
  readonly body: RecordBody;
  /** EIP-712 signature by `body.signer`, null where the record is unsigned. */
  readonly signature: RecordSignature | null;
  readonly status: RecordStatus;
  readonly txHash: `0x${string}` | null;
  readonly blockNumber: number | null;
  readonly tokenId: number | null;
  /** Why the contract refused, else null. */
  readonly reason: string | null;
}

/** What the relay writes into the journal when the chain answers; topic OWN.onChain. */
export type OnChain =
  | {
      readonly what: "token";
      readonly rig: string;
      readonly tokenId: number;
      readonly txHash: `0x${string}`;
      readonly blockNumber: number;
    }
  | {
      readonly what: "record";
      readonly rig: string;
      readonly hash: `0x${string}`;
      readonly status: RecordStatus;
      readonly txHash: `0x${string}` | null;
      readonly blockNumber: number | null;
      readonly reason: string | null;
    }
  /** Another chain answers at this address than before: tokens and anchors there start anew. */
  | { readonly what: "reset"; readonly chainId: number; readonly genesis: `0x${string}`; readonly contract: `0x${string}` };

/** What an operator did, topic OWN.act. `by` is a pseudonym. */
export type Act =
  /** A gateway's Ed25519 public key, lower-case hex, and when it holds; `toTs` null: until further notice. */
  | {
      readonly what: "gateway-key";
      readonly gateway: string;
      readonly publicKey: string;
      readonly fromTs: number;
      readonly toTs: number | null;
      readonly by: string;
    }
  /** Whose signatures are accepted as a technician's, or are so no longer. `address` in lower case. */
  | {
      readonly what: "technician";
      readonly address: `0x${string}`;
      readonly badge: string;
      readonly isActive: boolean;
      readonly by: string;
    }
  | AlarmAct
  /** What a topic of a stranger means from now on, and meant in what waits in the inbox. */
  | { readonly what: "map"; readonly mapping: Mapping; readonly by: string }
  | { readonly what: "unmap"; readonly topic: string; readonly by: string }
  /** Another machine took this one's place, for good. */
  | {
      readonly what: "substitute";
      readonly rig: string;
      readonly substitute: string;
      /** ms UTC. */
      readonly performedTs: number;
      readonly by: string;
    }
  /** Why a part is another one, where no record tells of it. */
  | { readonly what: "part-reason"; readonly rig: string; readonly number: number; readonly reason: string; readonly by: string }
  /** Where rigs stand; a null place is one that nobody knows. */
  | {
      readonly what: "places";
      readonly places: readonly { readonly rig: string; readonly position: Position | null }[];
      readonly by: string;
    }
  | {
      readonly what: "assign";
      readonly rig: string;
      readonly container: string;
      readonly rack: string;
      readonly slot: string;
      readonly by: string;
    };
