/** What a stranger is handed to check a machine's history: shapes of the days and of the bundle, for the API and the verifier. */
import { z } from "zod";
import { SLOTS } from "./rig-day.ts";

export const BUNDLE_CONTEXT = "rigtwin/bundle/v1";

const hex = (digits: number) => z.string().regex(new RegExp(`^0x[0-9a-f]{${digits}}$`), `is not 0x and ${digits} lower-case hex digits`);
const hash = hex(64);
const address = hex(40);
const ms = z.int().describe("ms since 1970 UTC");
const count = z.int().min(0);
const integer = z.int().nullable();
const text = z.string().nullable();
const number = z.number().nullable();

export const row = z.strictObject({
  ts: ms,
  n: count,
  paused: count,
  signed: count,
  hashrateGhs: integer,
  powerW: integer,
  boardMaxDc: integer.describe("tenths of °C"),
  chipMaxDc: integer,
  intakeMaxDc: integer,
  deliveredGh: count.describe("mean × 300 s"),
  energyJ: count,
});

export const totals = z.strictObject({
  deliveredThH: z.number(),
  energyKwh: z.number(),
  nameplateThH: number,
  efficiencyJTh: number,
  uptimePct: number,
  uptimeExcusedPct: number.describe("without slots paused on the farm's order or away for repair by its records"),
  slots: count,
  upSlots: count,
  excusedSlots: count,
});

/** A tree that has the rig's leaf in it: the anchor (number 0) or a correction. */
export const dayTree = z.strictObject({
  number: count,
  leaf: z.string().max(262_144).describe("the exact RFC 8785 text that was hashed"),
  index: count,
  size: count,
  proof: z.array(hash).max(64),
  root: hash,
  manifest: z.string().max(1_048_576).describe("its SHA-256 stands on the chain beside the root"),
  txHash: hash.nullable(),
  blockNumber: integer,
  anchoredTs: ms,
});

const tier = z.enum(["self-reported", "gateway-signed", "hardware-signed"]);
/** sealed: on disk. anchored: on the chain. corrected: on the chain with corrections. pending: a later version waits for its correction. */
export const anchorState = z.enum(["sealed", "anchored", "corrected", "pending"]);

export const dayLine = z.object({
  day: count.describe("days since 1970-01-01 UTC"),
  date: z.iso.date(),
  state: anchorState,
  tier,
  n: count,
  expected: count.describe("readings the rig had numbered"),
  gaps: count.describe("times in which nothing came for five minutes or longer"),
  totals,
  root: hash.nullable(),
  number: integer,
  txHash: hash.nullable(),
  blockNumber: integer,
  anchoredTs: ms.nullable(),
});
export const daysAnswer = z.object({ tokenId: z.int(), rig: z.string(), days: z.array(dayLine) });

export const provenDay = z.strictObject({
  day: count,
  date: z.iso.date(),
  state: anchorState,
  totals,
  rows: z.array(row).max(SLOTS),
  tree: dayTree.nullable().describe("the newest on the chain; null while there is none"),
  earlier: z.array(dayTree.extend({ rows: z.array(row).max(SLOTS) })).describe("what it corrects, oldest first"),
});

const plainHash = z.string().regex(/^[0-9a-f]{64}$/);
const packed = (hashes: number) =>
  z
    .string()
    .max(Math.ceil((hashes * 32) / 3) * 4)
    .describe(`at most ${hashes} SHA-256 hashes one after the other, base64`);
/** What gateways signed of a rig's day, or a part of it; docs/verify.md says how it is put together. */
export const signedPart = z.strictObject({
  day: count,
  runs: z
    .array(
      z.strictObject({
        gateway: z.string().max(64),
        boot: z.string().max(64),
        n: z.int().min(1).describe("number of the first batch"),
        first: z.int().min(1).describe("number of its first message"),
        prev: plainHash.nullable().describe("SHA-256 of the head before the first"),
        heads: z
          .array(z.tuple([z.int().min(1), packed(2).describe("root, body")]))
          .min(1)
          .describe("how many lines; root and body of each"),
        sig: z
          .string()
          .regex(/^[0-9a-f]{128}$/)
          .describe("Ed25519, over the last head"),
      }),
    )
    .max(100_000),
  lines: z
    .array(z.tuple([count, count, count, z.string().max(300), packed(16)]))
    .describe("place in runs, in its heads, in the batch; the line; its proof"),
  threads: z
    .array(
      z.strictObject({
        prev: z
          .string()
          .regex(/^([0-9a-f]{64})?$/)
          .describe("the leaf's hash of the line before the first; empty where there is none in this boot of the gateway"),
        lines: z.array(z.string().max(400)).min(1).describe("one after the other, without their links"),
        head: z.string().max(1_000).describe("of the batch that has the last line"),
        place: count.describe("of the last line in its batch"),
        proof: packed(16).describe("of the last line"),
        sig: z
          .string()
          .regex(/^[0-9a-f]{128}$/)
          .describe("Ed25519, over the head"),
      }),
    )
    .max(100_000)
    .optional()
    .describe("lines that name the one before them; left out where there are none"),
});
/** `next`: give it as `after` for the next part; null where there is none. */
export const signedPage = signedPart.extend({ next: z.int().nullable() });
export const signedQuery = z.object({
  after: z.coerce.number().int().min(0).default(0).describe("`next` of the part before; 0 for the first"),
});

export const identity = z.strictObject({
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

export const bundle = z.strictObject({
  context: z.literal(BUNDLE_CONTEXT),
  madeTs: ms,
  site: z.string(),
  rig: z.string(),
  tokenId: z.int().min(1),
  chain: z.strictObject({
    chainId: z.int().min(1),
    genesis: hash,
    contract: address,
    local: z.boolean().describe("true: run by the farm itself; proves nothing to outsiders"),
  }),
  identity,
  records: z.array(
    z.strictObject({
      hash,
      bytes: z.string(),
      signature: z
        .strictObject({ chainId: z.int().min(1), contract: address, signature: hex(130) })
        .nullable()
        .default(null)
        .describe("the technician's, EIP-712; null: unsigned"),
    }),
  ),
  days: z.array(provenDay),
  signed: z.array(signedPart).optional().describe("what gateways signed; left out where it was not asked for"),
});

const from = z.coerce.number().int().min(0).describe("ms since 1970 UTC, inclusive");
const to = z.coerce.number().int().min(1).describe("ms since 1970 UTC, exclusive");
export const daysQuery = z.object({ from, to });

export const bundleQuery = daysQuery.extend({
  signed: z.enum(["yes", "no"]).default("no").describe("with what gateways signed; for a few days only"),
});
/** Days in one answer. */
export const MOST_DAYS = 400;
/** … where what gateways signed is with them. */
export const MOST_SIGNED_DAYS = 7;

export type SignedPart = z.infer<typeof signedPart>;
export type SignedThread = NonNullable<SignedPart["threads"]>[number];
export type SignedPage = z.infer<typeof signedPage>;
export type DayLine = z.infer<typeof dayLine>;
export type DaysAnswer = z.infer<typeof daysAnswer>;
export type DayTree = z.infer<typeof dayTree>;
export type ProvenDay = z.infer<typeof provenDay>;
export type Bundle = z.infer<typeof bundle>;
