/**
 * The path of a record: told → sealed → journal (then it is answered) → chain → final. What is still to be done is read from the
 * folded ledger alone, so that a relay that was killed goes on where it was: every step may be repeated without harm.
 */
import type { NewRecord, RecordDraft, RecordWish } from "../twin/api.ts";
import { recordEntry, recordsOf, type ChainIdentity, type Ledger } from "../twin/ledger.ts";
import type { Act, OnChain, RecordKind, RecordSignature, TwinRecord } from "../twin/record.ts";
import { Refused } from "../twin/refusal.ts";
import { MOST_BATCH, type ChainRecord, type Finality, type RecordedOnChain, type Registered, type Registration } from "../twin/relay.ts";
import { machineHash, sealRecord, usableSerial, type Hex, type RecordFields, type Sealed } from "../twin/seal.ts";
import { recordTypedData, signatureState } from "../twin/signature.ts";
import type { Twin } from "../twin/twin.ts";
import { isWaiting } from "../twin/wait.ts";
import { OWN } from "../twin/wire.ts";
import type { Clock } from "./clock.ts";

export interface RecordsNeeds {
  readonly site: string;
  readonly clock: Clock;
  /** Resolves when the entry is on disk and folded. */
  readonly write: (topic: string, payload: Uint8Array) => Promise<unknown>;
  readonly ledger: () => Ledger;
  readonly twins: () => ReadonlyMap<string, Twin>;
  readonly chain: {
    readonly identity: () => Promise<ChainIdentity>;
    readonly register: (batch: readonly Registration[]) => Promise<readonly Registered[]>;
    readonly recordMaintenance: (batch: readonly ChainRecord[]) => Promise<readonly RecordedOnChain[]>;
    readonly finality: (txHash: Hex, depth: number) => Promise<Finality>;
  };
  /** Brings keys and roles onto the chain; records are sent after it. */
  readonly bringRights: () => Promise<void>;
  /** Machines that took others' places: the records about it, and what brings it onto the chain, before those records. */
  readonly substitutes: {
    readonly missingRecords: () => readonly RecordFields[];
    /** `leaving`: machines whose retirement is about to be sent. Gives those whose retirement must wait. */
    readonly relay: (leaving: ReadonlySet<string>) => Promise<ReadonlySet<string>>;
  };
  /** Blocks on top of a record's block before it counts as final. */
  readonly finalDepth: number;
  /** How long a record may wait for others, so that one transaction has many of them; 0: it is sent at once. */
  readonly gatherMs: number;
  readonly onError: (what: string, error: unknown) => void;
}

/** How the relay stands, for the status page. */
export interface RelayStatus {
  readonly away: boolean;
  readonly detail: string;
  /** Records that are not yet final. */
  readonly waiting: number;
  /** Machines that have no token yet, on record or still to be. */
  readonly tokenless: number;
}

/** A rig that has not told its serial number by then is registered by its MAC or its name. */
export const GRACE_MS = 60_000;
const RELAY_MS = 1_000;
const MOST_BACKOFF_MS = 60_000;
const CLOCK_AHEAD_MS = 300_000;
/** How long somebody may look at a draft before it is signed. */
const DRAFT_MS = 1_800_000;
/** They change what the contract counts as serving, so that they wait for nobody. */
const SENT_AT_ONCE: ReadonlySet<RecordKind> = new Set(["repair-sent", "repair-returned", "retired"]);
/** Whose statements the server's own are. */
const SELF = "rigtwin";

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

const modelNameOf = ({ make, model }: Twin["identity"]): string => {
  if (model === null) return make ?? "Unknown machine";
  return make === null || model.toLowerCase().startsWith(make.toLowerCase()) ? model : `${make} ${model}`;
};

const batchesOf = <T>(items: readonly T[]): T[][] =>
  Array.from({ length: Math.ceil(items.length / MOST_BATCH) }, (_, i) => items.slice(i * MOST_BATCH, (i + 1) * MOST_BATCH));

const groupedBy = <T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> => {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
};

const isSame = (a: ChainIdentity, b: ChainIdentity): boolean =>
  a.chainId === b.chainId && a.genesis === b.genesis && a.contract === b.contract;

/** The registration record of a rig as it is now known, null where it is to wait for its serial number. */
export const registrationOf = (twin: Twin, nowTs: number): RecordFields | null => {
  const serial = usableSerial(twin.identity.serial);
  if (serial === null && nowTs - twin.firstSeenTs < GRACE_MS) return null;
  const { by } = machineHash(twin.site, twin.rig, twin.identity);
  return {
    site: twin.site,
    rig: twin.rig,
    serial,
    kind: "registration",
    performedTs: twin.firstSeenTs,
    sealedTs: nowTs,
    technician: SELF,
    summary: `${modelNameOf(twin.identity)} first seen; known by its ${by === "serial" ? "serial number" : by === "mac" ? "MAC address" : "name in the site"}.`,
    parts: [],
  };
};

export const createRecords = (needs: RecordsNeeds) => {
  const { clock, chain, ledger } = needs;
  const turns = new Map<string, Promise<unknown>>();
  let status: { away: boolean; detail: string } = { away: false, detail: "not yet reached" };
  let backoffMs = 0;
  let notBeforeTs = 0;
  let stopEvery: (() => void) | null = null;
  let running: Promise<void> = Promise.resolve();

  const tell = (told: OnChain): Promise<unknown> => needs.write(OWN.onChain, bytesOf(JSON.stringify(told)));

  /** Two records of one rig are sealed one after the other, so that each can name the one before it. */
  const inTurn = async <T>(rig: string, work: () => Promise<T>): Promise<T> => {
    const mine = (turns.get(rig) ?? Promise.resolve()).then(work);
    const settled = mine.catch(() => undefined);
    turns.set(rig, settled);
    try {
      return await mine;
    } finally {
      if (turns.get(rig) === settled) turns.delete(rig);
    }
  };

  const sealInto = (fields: RecordFields, sign: (sealed: Sealed) => RecordSignature | null = () => null): Promise<TwinRecord> =>
    inTurn(fields.rig, async () => {
      const sealed = sealRecord(fields, recordsOf(ledger(), fields.rig).at(-1) ?? null);
      await needs.write(OWN.record, bytesOf(recordEntry(sealed.bytes, sign(sealed))));
      const kept = recordsOf(ledger(), fields.rig).at(-1);
      if (kept?.hash !== sealed.hash) throw new Refused("INTERNAL", "the record is in the journal, but not yet folded");
      return kept;
    });

  const fieldsOf = (rig: string, told: RecordWish, sealedTs: number): RecordFields => {
    const twin = needs.twins().get(rig);
    if (twin === undefined) throw new Refused("RIG_UNKNOWN", `there is no rig ${rig}`);
    if (told.performedTs > clock.now() + CLOCK_AHEAD_MS) throw new Refused("REQUEST_INVALID", "performedTs is in the future");
    const { kind, performedTs, technician, summary, parts } = told;
    return {
      site: needs.site,
      rig,
      serial: usableSerial(twin.identity.serial),
      kind,
      performedTs,
      sealedTs,
      technician,
      summary,
      parts,
    };
  };

  const technicianOf = (signer: Hex, badge: string): void => {
    const known = ledger().technicians.get(signer);
    if (known?.isActive !== true) throw new Refused("SIGNER_UNKNOWN", `${signer} is not registered as a technician's key`);
    if (known.badge !== badge) throw new Refused("SIGNER_UNKNOWN", `${signer} is the key of ${known.badge}, not of ${badge}`);
  };
  const chainNow = (): ChainIdentity => {
    const { chain: now } = ledger();
    if (now === null)
      throw new Refused(
        "CHAIN_UNAVAILABLE",
        "A signature names the contract, and no chain was reached yet. Unsigned records can be sealed.",
      );
    return now;
  };

  /** What is to be signed: the record as it would be sealed, and the typed data for a wallet. Throws Refused: RIG_UNKNOWN, SIGNER_UNKNOWN, CHAIN_UNAVAILABLE. */
  const draft = (rig: string, told: RecordWish & { readonly signer: Hex }): RecordDraft => {
    technicianOf(told.signer, told.technician);
    const where = chainNow();
    const fields = { ...fieldsOf(rig, told, clock.now()), signer: told.signer };
    const { hash, bytes, body } = sealRecord(fields, recordsOf(ledger(), rig).at(-1) ?? null);
    return { hash, bytes, number: body.number, sealedTs: body.sealedTs, typedData: recordTypedData(body, hash, where) };
  };

  /** The record that was drawn up is sealed only as it was signed: after another record it would be another one. */
  const signedOver =
    ({ signer, number, signature }: NonNullable<NewRecord["signed"]>) =>
    ({ body, hash }: Sealed): RecordSignature => {
      if (body.number !== number)
        throw new Refused("RECORD_OUTDATED", `this is record ${body.number} of the rig by now; record ${number} was signed`);
      const { chainId, contract } = chainNow();
      const kept = { chainId, contract, signature };
      if (signatureState(body, hash, kept) !== "signed")
        throw new Refused("SIGNATURE_INVALID", `the signature is not that of ${signer} over record ${number} of ${body.rig}`);
      return kept;
    };

  /**
   * Seals what somebody did to a rig and resolves when it is on disk. Throws Refused: RIG_UNKNOWN, REQUEST_INVALID, SIGNER_UNKNOWN,
   * SIGNATURE_INVALID, RECORD_OUTDATED, JOURNAL_UNAVAILABLE, DISK_FULL.
   */
  const seal = async (rig: string, told: NewRecord): Promise<TwinRecord> => {
    const { signed } = told;
    const nowTs = clock.now();
    if (signed === undefined) return sealInto(fieldsOf(rig, told, nowTs));
    technicianOf(signed.signer, told.technician);
    if (signed.sealedTs > nowTs || signed.sealedTs < nowTs - DRAFT_MS)
      throw new Refused("RECORD_OUTDATED", "the draft that was signed is older than half an hour");
    return sealInto({ ...fieldsOf(rig, told, signed.sealedTs), signer: signed.signer }, signedOver(signed));
  };

  /** Makes a key a technician's, or takes it back; what it signed before remains. */
  const setTechnician = async ({ address, badge, isActive, by }: Omit<Extract<Act, { what: "technician" }>, "what">): Promise<void> => {
    const known = ledger().technicians.get(address);
    if (known?.badge === badge && known.isActive === isActive) return;
    const act: Act = { what: "technician", address, badge, isActive, by };
    await needs.write(OWN.act, bytesOf(JSON.stringify(act)));
  };

  /** A record is never taken back: who is on record need not be looked for in every round. */
  const registered = new Set<string>();
  const isRegistered = (rig: string): boolean => {
    if (registered.has(rig)) return true;
    if (!recordsOf(ledger(), rig).some(({ body }) => body.kind === "registration")) return false;
    registered.add(rig);
    return true;
  };

  /** Needs no chain: a rig is on record as soon as it is known. */
  const sealRegistrations = async (): Promise<void> => {
    const nowTs = clock.now();
    const isComplete = registered.size === needs.twins().size;
    const missing = isComplete
      ? []
      : [...needs.twins().values()].filter(({ rig }) => !isRegistered(rig)).map((twin) => registrationOf(twin, nowTs));
    for (const fields of needs.substitutes.missingRecords()) await sealInto(fields);
    for (const batch of batchesOf(missing.filter((fields) => fields !== null))) await Promise.all(batch.map((fields) => sealInto(fields)));
  };

  const noticeReset = async (): Promise<void> => {
    const now = await chain.identity();
    const before = ledger().chain;
    if (before !== null && isSame(before, now)) return;
    if (before !== null) needs.onError("another chain answers; every machine and record is sent to it again", null);
    await tell({ what: "reset", chainId: now.chainId, genesis: now.genesis, contract: now.contract });
  };

  const mintTokens = async (): Promise<void> => {
    const wanted: (Registration & { readonly rig: string })[] = [];
    for (const twin of needs.twins().values()) {
      if (ledger().tokens.has(twin.rig)) continue;
      const record = recordsOf(ledger(), twin.rig).find(({ body }) => body.kind === "registration");
      if (record === undefined) continue;
      const model = {
        name: modelNameOf(twin.identity),
        nominalThs: twin.nameplate?.hashrateThs ?? 0,
        nominalW: twin.nameplate?.powerW ?? 0,
      };
      wanted.push({
        rig: twin.rig,
        serialHash: machineHash(twin.site, twin.rig, twin.identity).hash,
        recordHash: record.hash,
        model,
        commissionedTs: twin.firstSeenTs,
      });
    }
    for (const batch of batchesOf(wanted)) {
      const rigsOf = groupedBy(batch, ({ serialHash }) => serialHash);
      const told = (await chain.register(batch)).flatMap(({ serialHash, tokenId, txHash, blockNumber, recordHash }) =>
        (rigsOf.get(serialHash) ?? []).flatMap((one): OnChain[] => {
          const token: OnChain = { what: "token", rig: one.rig, tokenId, txHash, blockNumber };
          return one.recordHash === recordHash
            ? [token, { what: "record", rig: one.rig, hash: recordHash, status: "sent", txHash, blockNumber, reason: null }]
            : [token];
        }),
      );
      await Promise.all(told.map(tell));
    }
  };

  const openRecords = (of: "sealed" | "sent"): TwinRecord[] => {
    const found: TwinRecord[] = [];
    for (const [hash, rig] of ledger().open) {
      const record = recordsOf(ledger(), rig).find((one) => one.hash === hash);
      if (record?.status === of) found.push(record);
    }
    return found;
  };

  /** Whether what waits is to be sent: one of it has waited long enough, or may not wait, or a transaction is full. */
  const isGathered = (waiting: readonly TwinRecord[]): boolean =>
    waiting.length >= MOST_BATCH ||
    waiting.some(({ body }) => SENT_AT_ONCE.has(body.kind) || clock.now() - body.sealedTs >= needs.gatherMs);

  const sendRecords = async (held: ReadonlySet<string>): Promise<void> => {
    const waiting = openRecords("sealed").filter(
      ({ body }) => ledger().tokens.has(body.rig) && !(body.kind === "retired" && held.has(body.rig)),
    );
    if (!isGathered(waiting)) return;
    const sendable = waiting.flatMap(({ hash, body }) => {
      const token = ledger().tokens.get(body.rig);
      return token === undefined ? [] : [{ tokenId: token.tokenId, recordHash: hash, kind: body.kind, performedTs: body.performedTs }];
    });
    for (const batch of batchesOf(sendable)) {
      const answers = await chain.recordMaintenance(batch);
      // A token that a chain has lost again (a block that was replaced) is asked for anew; nothing there is done twice.
      if (answers.some(({ reason }) => reason?.startsWith("ERC721NonexistentToken"))) {
        await tell({ what: "reset", ...(await chain.identity()) });
        return;
      }
      await Promise.all(
        answers.map(({ recordHash, txHash, blockNumber, reason }) =>
          tell({
            what: "record",
            rig: ledger().open.get(recordHash) ?? "",
            hash: recordHash,
            status: reason === null ? "sent" : "refused",
            txHash,
            blockNumber,
            reason,
          }),
        ),
      );
    }
  };

  const followSent = async (): Promise<void> => {
    for (const [txHash, records] of groupedBy(openRecords("sent"), (record) => record.txHash ?? "")) {
      const found = await chain.finality(txHash as Hex, needs.finalDepth);
      if (found.state === "waiting") continue;
      const news =
        found.state === "final"
          ? ({ status: "final", txHash: txHash as Hex, blockNumber: found.blockNumber, reason: null } as const)
          : ({ status: "sealed", txHash: null, blockNumber: null, reason: null } as const);
      await Promise.all(records.map(({ hash, body }) => tell({ what: "record", rig: body.rig, hash, ...news })));
    }
  };

  const relay = async (): Promise<void> => {
    await noticeReset();
    await needs.bringRights();
    await mintTokens();
    // Once a machine is retired on the contract nothing can take its place there any more.
    const leaving = openRecords("sealed").filter(({ body }) => body.kind === "retired");
    const held = await needs.substitutes.relay(new Set(leaving.map(({ body }) => body.rig)));
    await sendRecords(held);
    await followSent();
  };

  /** One round: seals what is to be registered, sends what is open, asks after what was sent. Never throws; back-off lies between failures. */
  const step = async (): Promise<void> => {
    try {
      await sealRegistrations();
    } catch (error) {
      needs.onError("registrations wait for the journal", error);
      return;
    }
    if (isWaiting(clock.now(), notBeforeTs, MOST_BACKOFF_MS)) return;
    try {
      await relay();
      backoffMs = 0;
      status = { away: false, detail: "" };
    } catch (error) {
      backoffMs = Math.min(MOST_BACKOFF_MS, Math.max(RELAY_MS, backoffMs * 2));
      notBeforeTs = clock.now() + backoffMs;
      const refused = error instanceof Refused ? error : new Refused("INTERNAL", String(error), { cause: error });
      if (!status.away || status.detail !== refused.message)
        needs.onError("the chain is not reached; records wait and are sent later", error);
      status = { away: true, detail: refused.message };
    }
  };

  return {
    seal,
    draft,
    setTechnician,
    step,
    status: (): RelayStatus => {
      const { open, tokens, records } = ledger();
      return { ...status, waiting: open.size, tokenless: Math.max(0, Math.max(records.size, needs.twins().size) - tokens.size) };
    },
    start: (): void => {
      stopEvery = clock.every(RELAY_MS, () => (running = step()));
    },
    /** Ends after the round that is under way. */
    stop: async (): Promise<void> => {
      stopEvery?.();
      await running;
    },
  };
};
