/** The rarer messages of our own dialect: who a rig is, whether it is there, and what the site's meter says. */
import { RANGES, verdictOf, type Range } from "../plausible.ts";
import { ENERGY_SOURCES, NO_IDENTITY, type EnergyReading, type EnergySource, type Identity, type Position } from "../reading.ts";
import { refusal, type Refusal } from "../refusal.ts";
import type { Nameplate } from "../twin.ts";
import { headOf, invalid, isObject, kindOf, type Check, type Json } from "./message.ts";

export interface Birth {
  readonly ts: number;
  readonly boot: string;
  readonly identity: Identity;
  readonly nameplate: Nameplate | null;
  readonly position: Position | null;
}

const text = (check: Check, value: unknown, most: number, name: string): string | null => {
  if (value === undefined || value === null) return null;
  if (typeof value === "string" && value.length <= most) return value;
  invalid(
    check,
    typeof value === "string" ? `${name}: longer than ${most} characters.` : `${name}: expected a string or null, got ${kindOf(value)}.`,
  );
  return null;
};

const inRange = (check: Check, value: unknown, of: Range, name: string): number => {
  if (typeof value === "number" && value >= of.lo && value <= of.hi && (!of.integer || Number.isInteger(value))) return value;
  invalid(
    check,
    `${name}: expected ${of.integer ? "an integer" : "a number"} from ${of.lo} to ${of.hi}, got ${typeof value === "number" ? value : kindOf(value)}.`,
  );
  return 0;
};

const part = (json: Json, key: string, check: Check): Json | null => {
  const value = json[key];
  if (value === undefined || value === null) return null;
  if (isObject(value)) return value;
  invalid(check, `${key}: expected an object or null, got ${kindOf(value)}.`);
  return null;
};

const identityOf = (check: Check, told: Json | null): Identity => {
  if (told === null) return NO_IDENTITY;
  const serials = told["boardSerials"] ?? [];
  if (!Array.isArray(serials) || serials.length > 16)
    invalid(check, "identity.boardSerials: expected an array of at most 16 strings or nulls.");
  const of = (key: keyof Identity): string | null => text(check, told[key], 128, `identity.${key}`);
  return {
    make: of("make"),
    model: of("model"),
    firmware: of("firmware"),
    serial: of("serial"),
    mac: of("mac"),
    ip: of("ip"),
    hostname: of("hostname"),
    psuSerial: of("psuSerial"),
    controlBoardSerial: of("controlBoardSerial"),
    boardSerials: Array.isArray(serials)
      ? serials.slice(0, 16).map((serial: unknown, index) => text(check, serial, 64, `identity.boardSerials[${index}]`))
      : [],
  };
};

const nameplateOf = (check: Check, told: Json | null): Nameplate | null =>
  told === null
    ? null
    : {
        hashrateThs: inRange(check, told["hashrateThs"], RANGES.rigThs, "nameplate.hashrateThs"),
        powerW: inRange(check, told["powerW"], RANGES.powerW, "nameplate.powerW"),
        boards: inRange(check, told["boards"], { lo: 0, hi: 16, sentinels: [], integer: true }, "nameplate.boards"),
        chips: inRange(check, told["chips"], RANGES.chips, "nameplate.chips"),
        fans: inRange(check, told["fans"], { lo: 0, hi: 64, sentinels: [], integer: true }, "nameplate.fans"),
      };

const positionOf = (check: Check, told: Json | null): Position | null => {
  if (told === null) return null;
  const of = (key: keyof Position): string => {
    const name = text(check, told[key], 64, `position.${key}`);
    if (name === null || name.trim() === "") invalid(check, `position.${key}: expected a name.`);
    return name ?? "";
  };
  return { container: of("container"), rack: of("rack"), slot: of("slot") };
};

/** `{v:1, ts, boot, identity, nameplate?, position?}` of …/birth. */
export const readBirth = (json: unknown): Birth | Refusal => {
  const head = headOf(json, { seq: false, boot: true });
  if ("code" in head) return head;
  const check: Check = { fault: null, quality: null };
  const message = json as Json;
  const identity = identityOf(check, part(message, "identity", check));
  const nameplate = nameplateOf(check, part(message, "nameplate", check));
  const position = positionOf(check, part(message, "position", check));
  return check.fault ?? { ts: head.ts, boot: head.boot, identity, nameplate, position };
};

const STATES = ["online", "offline", "lost"] as const;

/** `{v:1, ts, state}` of …/state. */
export const readState = (json: unknown): { readonly ts: number; readonly state: (typeof STATES)[number] } | Refusal => {
  const head = headOf(json, { seq: false, boot: false });
  if ("code" in head) return head;
  const told = (json as Json)["state"];
  const state = STATES.find((known) => known === told);
  return state === undefined
    ? refusal(
        "PAYLOAD_INVALID",
        `state: expected one of ${STATES.join(", ")}, got ${typeof told === "string" ? `"${told.slice(0, 40)}"` : kindOf(told)}.`,
      )
    : { ts: head.ts, state };
};

/** A site's feed: up to a gigawatt either way, for a site can also give. */
const FEED_W: Range = { lo: -1e9, hi: 1e9, sentinels: [], integer: false };
const GRID_GCO2E: Range = { lo: 0, hi: 3_000, sentinels: [], integer: false };
const PRICE: Range = { lo: -100_000, hi: 100_000, sentinels: [], integer: false };
const AMBIENT_C: Range = { lo: -60, hi: 70, sentinels: [], integer: false };

/** Beside the metered power everything is optional: what cannot be true is left out rather than costing the metered value. */
const optional = (check: Check, value: unknown, of: Range, name: string): number | null => {
  if (value === undefined || value === null) return null;
  if (typeof value !== "number") invalid(check, `${name}: expected a number or null, got ${kindOf(value)}.`);
  else if (verdictOf(of, value) === "ok") return value;
  return null;
};

const sourcesOf = (check: Check, told: unknown): Partial<Record<EnergySource, number>> => {
  const sources: Partial<Record<EnergySource, number>> = {};
  if (told === undefined || told === null) return sources;
  if (!isObject(told)) {
    invalid(check, `m.sourcesW: expected an object, got ${kindOf(told)}.`);
    return sources;
  }
  for (const [name, value] of Object.entries(told)) {
    const source = ENERGY_SOURCES.find((known) => known === name);
    // a source that is silently left out would make the mix wrong
    if (source === undefined)
      invalid(check, `m.sourcesW.${name.slice(0, 40)}: not a known source; these are ${ENERGY_SOURCES.join(", ")}.`);
    else if (value !== null) sources[source] = inRange(check, value, FEED_W, `m.sourcesW.${source}`);
  }
  return sources;
};

/** `{v:1, ts, seq, boot, m}` of …/energy: power in W, carbon in gCO2e/kWh, price in `currency` per kWh. */
export const readEnergy = (
  json: unknown,
):
  | (Omit<EnergyReading, "site" | "meter" | "deviceTs" | "receivedTs" | "seq" | "boot"> & {
      readonly ts: number;
      readonly seq: number;
      readonly boot: string;
    })
  | Refusal => {
  const head = headOf(json, { seq: true, boot: true });
  if ("code" in head) return head;
  const m = (json as Json)["m"];
  if (!isObject(m)) return refusal("PAYLOAD_INVALID", `m: expected an object, got ${kindOf(m)}.`);
  const check: Check = { fault: null, quality: null };
  const currency = text(check, m["currency"], 3, "m.currency");
  if (currency !== null && !/^[A-Z]{3}$/.test(currency))
    invalid(check, `m.currency: expected three capital letters (ISO 4217), got "${currency}".`);
  const reading = {
    ts: head.ts,
    seq: head.seq,
    boot: head.boot,
    meteredW: inRange(check, m["meteredW"], FEED_W, "m.meteredW"),
    sourcesW: sourcesOf(check, m["sourcesW"]),
    gridGco2ePerKwh: optional(check, m["gridGco2ePerKwh"], GRID_GCO2E, "m.gridGco2ePerKwh"),
    pricePerKwh: optional(check, m["pricePerKwh"], PRICE, "m.pricePerKwh"),
    currency,
    ambientC: optional(check, m["ambientC"], AMBIENT_C, "m.ambientC"),
  };
  return check.fault ?? reading;
};
