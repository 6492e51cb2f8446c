/** The HTTP API's shapes. The same schemas check the requests and make the OpenAPI document. */
import { POWER_SOURCES } from "./energy-truth.ts";
import { z } from "zod";
import { ALARM_KINDS, RIG_STATES, SEVERITIES } from "./twin.ts";
import { PARTS, RECORD_KINDS, RECORD_STATUSES } from "./record.ts";
import { fieldList, from, to } from "./questions.ts";
import { ENERGY_SOURCES } from "./reading.ts";
import { CODES, type Code } from "./refusal.ts";
import type { TypedData } from "./typed-data.ts";
import { substitution } from "./substitution.ts";

const hex = z.string().regex(/^0x[0-9a-f]*$/);
const number = z.number().nullable();
const text = z.string().nullable();
const ms = z.int().describe("ms since 1970 UTC");

/** RFC 9457 problem details with our code. */
export const problem = z.object({
  type: z.string().describe("address of the code's explanation"),
  title: z.string(),
  status: z.int(),
  code: z.enum(Object.keys(CODES) as [Code, ...Code[]]),
  detail: z.string(),
  instance: z.string().optional(),
});

const position = z.object({ container: z.string(), rack: z.string(), slot: z.string() });
const nameplate = z.object({ hashrateThs: z.number(), powerW: z.number(), boards: z.int(), chips: z.int(), fans: z.int() });
const identity = z.object({
  make: text,
  model: text,
  firmware: text,
  serial: text,
  mac: text,
  ip: text,
  hostname: text,
  psuSerial: text,
  controlBoardSerial: text,
  boardSerials: z.array(text),
});
const chip = z.object({
  index: z.int(),
  tempC: number,
  hashrateGhs: number,
  frequencyMhz: number,
  voltageV: number,
  errors: number,
  row: number,
  column: number,
  working: z.boolean().nullable(),
});
const board = z.object({
  index: z.int(),
  hashrateThs: number,
  expectedThs: number,
  boardC: number,
  chipC: number,
  inletC: number,
  outletC: number,
  chips: number,
  expectedChips: number,
  frequencyMhz: number,
  voltageV: number,
  hwErrors: number,
  serial: text,
  chipMap: z.array(chip),
});
const pool = z.object({
  index: z.int(),
  url: z.string(),
  worker: text,
  active: z.boolean(),
  alive: z.boolean().nullable(),
  accepted: number,
  rejected: number,
  stale: number,
});
const measured = z.object({
  mode: z.enum(["mining", "tuning", "paused", "fault", "unknown"]),
  hashrateThs: number,
  averageThs: number,
  expectedThs: number,
  powerW: number,
  powerLimitW: number,
  intakeC: number,
  outletC: number,
  boardC: number,
  chipC: number,
  psuC: number,
  voltageV: number,
  frequencyMhz: number,
  fanPct: number,
  accepted: number,
  rejected: number,
  stale: number,
  hwErrors: number,
  hwErrorPct: number,
  uptimeS: number,
  fans: z.array(z.object({ index: z.int(), rpm: number })),
  boards: z.array(board),
  pools: z.array(pool),
  errors: z.array(
    z.object({
      code: z.string(),
      severity: z.enum(["critical", "major", "minor", "info"]),
      component: z.string(),
      index: number,
      raw: z.string(),
    }),
  ),
});

/** A twin as it stands; `latest` with every unit in its name. */
export const twin = z.object({
  site: z.string(),
  rig: z.string(),
  index: z.int(),
  state: z.enum(RIG_STATES),
  stateSinceTs: ms,
  identity,
  modelId: text,
  nameplate: nameplate.nullable(),
  position: position.nullable(),
  tokenId: z.int().nullable(),
  tier: z.enum(["self-reported", "gateway-signed", "hardware-signed"]),
  format: text,
  firstSeenTs: ms,
  lastSeenTs: ms.nullable(),
  lastDeviceTs: ms.nullable(),
  skewMs: number,
  boot: text,
  lastSeq: number,
  announced: z.enum(["online", "offline", "lost"]).nullable(),
  latest: measured,
  quality: z.record(z.string(), z.enum(["ok", "missing", "sentinel", "frozen", "implausible", "late"])),
  counts: z.object({ readings: z.int(), duplicates: z.int(), late: z.int(), missed: z.int() }),
  rev: z.int(),
});

/** One line of the rig list. */
export const rigLine = z.object({
  rig: z.string(),
  state: z.enum(RIG_STATES),
  make: text,
  model: text,
  position: position.nullable(),
  tokenId: z.int().nullable(),
  hashrateThs: number,
  nameplateThs: number,
  powerW: number,
  boardC: number,
  chipC: number,
  lastSeenTs: ms.nullable(),
});
export const rigsQuery = z.object({
  state: z.enum(RIG_STATES).optional(),
  search: z.string().max(64).optional().describe("part of a name, model or serial"),
  limit: z.coerce.number().int().min(1).max(10_000).default(1_000),
  offset: z.coerce.number().int().min(0).default(0),
});
export const rigs = z.object({ total: z.int(), rigs: z.array(rigLine) });

const severities = z.record(z.enum(SEVERITIES), z.int());
export const site = z.object({
  site: z.string(),
  rigs: z.int(),
  byState: z.record(z.enum(RIG_STATES), z.int()),
  hashrateThs: z.number(),
  nameplateThs: z.number(),
  targetThs: z.number().describe("what the rigs should give now: less than the nameplate where throttled, nothing where paused"),
  reportedW: z.number(),
  meteredW: number,
  meteredTs: ms.nullable(),
  sourcesW: z.record(z.string(), z.number()),
  gco2ePerKwh: number,
  pricePerKwh: number,
  currency: text,
  ambientC: number,
  efficiencyJTh: number,
  hottestBoardC: number,
  hottestChipC: number,
  activeAlarms: severities,
  todayKwh: z.number(),
  todayCost: number,
  todayKgco2e: number,
  told: z
    .object({
      mix: z.enum(["meter", "plan"]).nullable(),
      carbon: z.enum(["meter", "feed", "entered", "setting"]).nullable(),
      price: z.enum(["meter", "entered", "setting"]).nullable(),
      today: z.enum(["meter", "rigs"]).nullable(),
    })
    .describe("who told it; null: nobody"),
  asOfTs: ms,
});

const points = z.coerce.number().int().min(1).max(2_000).default(300).describe("at most this many buckets");
export const seriesQuery = z.object({
  from,
  to,
  points,
  fields: fieldList("hashrateThs,powerW,boardC,chipC"),
});
const column = z.array(number);
export const series = z.object({
  ts: z.array(ms),
  bucketMs: z.int(),
  fields: z.record(z.string(), z.object({ min: column, mean: column, max: column })),
});
export const rangeQuery = z.object({ from, to, points });
export const siteSeries = z.object({
  ts: z.array(ms),
  bucketMs: z.int(),
  hashrateThs: column,
  powerW: column,
  boardMaxC: column,
  boardMeanC: column,
  rigs: z.array(z.int()),
});
export const energy = z.object({
  ts: z.array(ms),
  bucketMs: z.int(),
  sourcesW: z.record(z.enum(ENERGY_SOURCES), column.optional()),
  meteredW: column,
  gco2ePerKwh: column,
  pricePerKwh: column,
});

/** A part that was changed, as it stands in a sealed record. */
export const recordPart = z.object({
  part: z.enum(PARTS),
  index: z.int().min(0).nullable(),
  oldSerial: z.string().max(64).nullable(),
  newSerial: z.string().max(64).nullable(),
});
/** Text without the C0 controls and DEL: they do not belong in a statement that people will read for years. */
export const plainText = (most: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(most)
    .regex(/^[^\u0000-\u0009\u000b-\u001f\u007f]*$/, "has a control character");
const wish = {
  kind: z.enum(RECORD_KINDS).exclude(["registration"]),
  performedTs: ms,
  technician: plainText(64).describe("a pseudonym: a badge or key id, never a person's name"),
  summary: plainText(2_000),
  parts: z.array(recordPart).max(16).default([]),
};
const account = z
  .string()
  .regex(/^0x[0-9a-fA-F]{40}$/, "is not 0x and 40 hex digits")
  .transform((text) => text.toLowerCase() as `0x${string}`);
export const newRecord = z.object({
  ...wish,
  signed: z
    .object({
      signer: account,
      number: z.int().min(1).describe("of the draft"),
      sealedTs: ms.describe("of the draft"),
      signature: z
        .string()
        .regex(/^0x[0-9a-fA-F]{130}$/, "is not 0x and 130 hex digits")
        .transform((text) => text.toLowerCase() as `0x${string}`),
    })
    .optional()
    .describe("left out: the record is unsigned, and every page says so"),
});
/** What a technician asks for before signing. */
export const draftWish = z.object({ ...wish, signer: account.describe("address of the key that will sign") });
export const recordDraft = z.object({
  hash: hex,
  bytes: z.string().describe("the canonical text of which `hash` is the SHA-256"),
  number: z.int(),
  sealedTs: ms,
  typedData: z
    .object({
      types: z.record(z.string(), z.array(z.object({ name: z.string(), type: z.string() }))),
      primaryType: z.string(),
      domain: z.looseObject({}),
      message: z.looseObject({}),
    })
    .describe("for eth_signTypedData_v4 (EIP-712)"),
});
export const technician = z.object({ address: account, badge: plainText(64), isActive: z.boolean().default(true) });
export const technicians = z.object({ technicians: z.array(z.object({ address: hex, badge: z.string(), isActive: z.boolean() })) });
export const record = z.object({
  hash: hex,
  bytes: z.string(),
  body: z.object({
    v: z.literal(1),
    context: z.string(),
    site: z.string(),
    rig: z.string(),
    serial: text,
    number: z.int(),
    prev: hex.nullable(),
    kind: z.enum(RECORD_KINDS),
    performedTs: ms,
    sealedTs: ms,
    technician: z.string(),
    summary: z.string(),
    parts: z.array(recordPart),
    signer: hex.optional().describe("address of the key that signs the record; left out where nobody signs it"),
  }),
  signature: z
    .object({ chainId: z.int(), contract: hex, signature: hex })
    .nullable()
    .describe("EIP-712 signature by `body.signer` and the contract it was made for; null: unsigned"),
  status: z.enum(RECORD_STATUSES),
  txHash: hex.nullable(),
  blockNumber: z.int().nullable(),
  tokenId: z.int().nullable(),
  reason: text,
});
export const records = z.object({ rig: z.string(), records: z.array(record), substitution });

export const alarm = z.object({
  id: z.string(),
  site: z.string(),
  rig: z.string(),
  scope: z.enum(["rig", "gateway", "site", "system"]).describe("what `rig` names"),
  kind: z.enum(ALARM_KINDS),
  severity: z.enum(SEVERITIES),
  sinceTs: ms,
  raisedTs: ms,
  clearedTs: ms.nullable(),
  acknowledgedTs: ms.nullable(),
  acknowledgedBy: text,
  owner: text,
  comments: z.array(z.object({ ts: ms, by: z.string(), text: z.string() })),
  snoozedUntilTs: ms.nullable(),
  incident: text,
  message: z.string(),
});
export const alarmsQuery = z.object({
  state: z.enum(["active", "cleared", "all"]).default("active"),
  rig: z.string().max(64).optional(),
  kind: z.enum(ALARM_KINDS).optional(),
  severity: z.enum(SEVERITIES).optional(),
  search: z.string().min(1).max(200).optional().describe("in rig, kind or message; case does not matter"),
  from: z.coerce.number().int().min(0).optional().describe("raised at or after, ms since 1970 UTC"),
  to: z.coerce.number().int().min(0).optional().describe("raised before, ms since 1970 UTC"),
  after: z.string().max(300).optional().describe("`next` of the page before"),
  limit: z.coerce.number().int().min(1).max(10_000).default(1_000),
});
export const alarms = z.object({
  total: z.int().describe("that pass the filter, on all pages"),
  alarms: z.array(alarm),
  next: z.string().nullable().describe("what to give as `after` for the next page; null: there is none"),
});
export const acknowledge = z.object({ alarm: z.string().max(300), by: plainText(64) });

/** A part whose serial number became another one; `explained` null: an open question. */
export const partChange = z.object({
  number: z.int().min(1),
  part: z.enum(["board", "psu", "control-board"]),
  index: z.int().nullable().describe("0-based place; null where there is only one"),
  oldSerial: z.string(),
  newSerial: z.string(),
  seenTs: ms,
  explained: z
    .union([
      z.object({ how: z.literal("record"), hash: hex }),
      z.object({ how: z.literal("reason"), reason: z.string(), by: z.string(), ts: ms }),
    ])
    .nullable(),
});
export const partChanges = z.object({ total: z.int(), changes: z.array(partChange.extend({ rig: z.string() })) });
export const partChangesQuery = z.object({
  rig: z.string().max(64).optional(),
  state: z.enum(["open", "all"]).default("open"),
  limit: z.coerce.number().int().min(1).max(10_000).default(1_000),
});
export const partReason = z.object({ rig: z.string().max(64), number: z.int().min(1), reason: plainText(500), by: plainText(64) });

/** Where the contract is, for a stranger with an own RPC address. */
export const chain = z.object({
  chainId: z.int(),
  contract: hex,
  genesis: hex,
  local: z.boolean().describe("true: run by this farm; proves nothing to outsiders"),
  blockNumber: z.int(),
  finalDepth: z.int(),
  away: z.boolean(),
});
export const twinPassport = z.object({
  tokenId: z.int(),
  owner: hex.nullable(),
  tokenUri: text,
  chain,
  twin,
  records: z.array(record),
  substitution: substitution.describe("what took its place, and whose place it took"),
  partChanges: z.array(partChange).describe("parts whose serial numbers changed, oldest first; those not explained are open questions"),
});

const health = z.enum(["ok", "away", "failing"]);
export const healthAnswer = z.object({
  status: z.enum(["ok", "degraded", "failing"]),
  version: z.string(),
  uptimeS: z.int(),
  ports: z.record(z.string(), z.object({ status: health, kind: z.string(), detail: z.string() })),
});
export const status = healthAnswer.extend({
  site: z.string(),
  ingest: z.object({
    messagesPerS: z.number(),
    accepted: z.int(),
    refused: z.int(),
    duplicates: z.int(),
    late: z.int(),
    headPos: z.int(),
    foldedPos: z.int(),
    storedPos: z.int(),
    storeLagS: z.number(),
    journalBytes: z.int(),
    damagedEntries: z.int().describe("entries of the journal that were found damaged and set aside"),
    lastEntryTs: ms.nullable(),
  }),
  viewers: z.int(),
  refusals: z.record(z.string(), z.int()),
  limits: z.record(z.string(), z.int()).describe("what was turned away at the door or slowed down since the start"),
});
export const refusalLine = z.object({
  pos: z.int(),
  receivedTs: ms,
  topic: z.string(),
  code: z.string(),
  detail: z.string(),
  sample: z.string().describe("the first 200 bytes as text"),
});
export const refusals = z.object({ total: z.int(), byCode: z.record(z.string(), z.int()), refusals: z.array(refusalLine) });
export const refusalsQuery = z.object({ limit: z.coerce.number().int().min(1).max(1_000).default(200) });
const powerSource = z.enum(POWER_SOURCES);
const watts = z.number().nullable();
export const energyTruth = z.object({
  asOfTs: ms,
  siteMw: z.int().describe("mW"),
  siteSource: z.enum(["meter", "sum"]),
  reportedW: z.number(),
  gapW: watts.describe("metered less reported; null without a meter"),
  gapPct: z.number().nullable(),
  bySource: z.record(powerSource, z.int()).describe("how many rigs each source is in force for"),
  mix: z.record(z.string(), z.number()).nullable().describe("shares that sum to 1"),
  gco2ePerKwh: z.number().nullable(),
  hashrateThs: z.number(),
  efficiencyJTh: z.number().nullable().describe("at the wall"),
  perThh: z
    .object({ kwh: z.number(), cost: z.number().nullable(), kgco2e: z.number().nullable() })
    .nullable()
    .describe("per TH/s and hour"),
  rigs: z.array(
    z.object({
      rig: z.string(),
      powerW: z.number(),
      source: powerSource.describe("meter > pdu > miner > custom > nameplate"),
      reportedW: watts,
      gapW: watts,
      gapPct: z.number().nullable(),
      attributedMw: z.int().describe("its part of the site's meter, mW; they sum to siteMw"),
      efficiencyJTh: z.number().nullable(),
    }),
  ),
  unknown: z.array(z.string()),
  from: z
    .object({
      mix: z.enum(["meter", "plan"]).nullable(),
      carbon: z.enum(["meter", "feed", "entered", "setting"]).nullable().describe("of the grid's part"),
      price: z.enum(["meter", "entered", "setting"]).nullable(),
    })
    .describe("who says so"),
  settings: z
    .object({
      plan: z.array(z.object({ fromMinute: z.int().describe("of the UTC day"), shares: z.record(z.string(), z.number()) })),
      pricePerKwh: z.number().nullable(),
      gridGco2ePerKwh: z.number().nullable(),
      rigsW: z.record(z.string(), z.number()),
      modelsW: z.record(z.string(), z.number()),
      feed: z.object({ values: z.int(), fromTs: ms, toTs: ms }).nullable().describe("the carbon feed; null without one"),
    })
    .describe("what stands in where no meter tells"),
});
export type EnergyTruthAnswer = z.infer<typeof energyTruth>;
const mappedField = z.object({
  path: z.string().max(300).describe("JSON path, like $.miner.hashrate or $.boards[0].temp; $ for the payload itself"),
  field: z.string().max(64).describe("a field of a reading, like hashrateThs, fans.0.rpm or boards.1.chipC"),
  factor: z.number().describe("one unit of the payload's in units of the field: 0.001 for GH/s in hashrateThs"),
});
export const mapping = z.object({
  topic: z.string().min(1).max(300).describe("an MQTT filter; + and # as in MQTT"),
  rig: z.string().min(1).max(64).describe("the rig's (or meter's) name; {1} stands for what is at the first +"),
  as: z.enum(["rig", "meter"]).default("rig"),
  fields: z.array(mappedField).min(1).max(100),
});
const mapper = z.string().trim().min(1).max(64).default("operator").describe("who says so: a pseudonym");
export const newMapping = mapping.extend({ by: mapper });
export const unmapping = z.object({ topic: z.string().min(1).max(300), by: mapper });
export const mappingPreview = z.object({
  topics: z.int().describe("topics waiting that the filter fits"),
  messages: z.int().describe("messages of theirs that would be read at once"),
  newest: z
    .array(
      z.object({
        topic: z.string(),
        name: z.string().nullable().describe("the rig or meter it would be; null where the name cannot be made"),
        fields: z.array(
          z.object({
            field: z.string(),
            found: z.union([z.string(), z.number(), z.boolean(), z.null()]).describe("what stands at the path"),
            value: z.union([z.string(), z.number(), z.null()]).describe("what the reading would say; null where it would be unknown"),
            unit: z.string(),
            quality: z.string().describe("ok, missing, sentinel or implausible"),
          }),
        ),
      }),
    )
    .describe("of up to 5 of them, the newest message"),
});
export type MappingPreview = z.infer<typeof mappingPreview>;
export const inbox = z.object({
  topics: z.array(
    z.object({
      topic: z.string(),
      firstTs: ms,
      lastTs: ms,
      count: z.int(),
      kept: z.int().describe("messages that a mapping will still read"),
      sample: z.string().nullable().describe("the newest message as text; null where it is none"),
      guesses: z.array(
        z.object({
          path: z.string(),
          value: z.union([z.string(), z.number(), z.boolean(), z.null()]),
          meaning: mappedField.nullable().describe("what it may mean; null where nothing comes to mind"),
        }),
      ),
    }),
  ),
  mappings: z.array(mapping.extend({ by: z.string().nullable(), atTs: ms.nullable() })),
  fields: z.record(z.string(), z.string()).describe("fields that can be mapped to, and their units"),
});
export type InboxAnswer = z.infer<typeof inbox>;

export type Problem = z.infer<typeof problem>;
export type RigLine = z.infer<typeof rigLine>;
export type ChainInfo = z.infer<typeof chain>;
export type Status = z.infer<typeof status>;
export type RefusalLine = z.infer<typeof refusalLine>;
export type NewRecord = z.infer<typeof newRecord>;
export type RecordWish = Omit<NewRecord, "signed">;
export type DraftWish = z.infer<typeof draftWish>;
export type RecordDraft = Omit<z.infer<typeof recordDraft>, "typedData"> & { readonly typedData: TypedData };
export type NewTechnician = z.infer<typeof technician>;
export type TechnicianLine = z.infer<typeof technicians>["technicians"][number];
export type AlarmsQuery = z.infer<typeof alarmsQuery>;
export type RigsQuery = z.infer<typeof rigsQuery>;
export type PartChanges = z.infer<typeof partChanges>;
export type PartChangesQuery = z.infer<typeof partChangesQuery>;
export type PartReason = z.infer<typeof partReason>;
export type TwinPassport = z.infer<typeof twinPassport>;
