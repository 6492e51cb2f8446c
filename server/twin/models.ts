import {
  ANTMINER,
  ANTMINER_HYDRO,
  ANTMINER_OTHER,
  AVALON,
  AVALON_HOME,
  BANDS,
  BITAXE,
  NERD,
  WHATSMINER,
  WHATSMINER_LIQUID,
  type Bands,
  type Row,
} from "./catalogue.ts";
import { chipsByHashBoard } from "./hash-boards.ts";
import type { Nameplate } from "./twin.ts";

export type Cooling = "air" | "hydro" | "immersion";

export interface Model {
  /** Never changes: `maker's line - model`, lower case, "plus" spelt out. */
  readonly id: string;
  readonly make: string;
  /** The maker's name of the model. */
  readonly name: string;
  /** Further spellings seen in firmware; compared without case, spaces, dots, dashes and the maker's names. */
  readonly aliases: readonly string[];
  readonly nameplate: Nameplate;
  readonly cooling: Cooling;
  /** The maker builds it with hash boards of different chip counts, so `nameplate.chips` is only the usual one. */
  readonly chipsVary: boolean;
  /** Chips on each board, by the maker's name of the hash board. */
  readonly chipsByVariant: Readonly<Record<string, number>>;
  readonly bands: Bands;
  /** The critical ends of `bands` that alarms compare, °C; where a band is unknown, the chip's band for the board too. */
  readonly limits: { readonly boardC: number; readonly chipC: number };
  /** After a start the machine climbs to its frequency for about this long; low hashrate means nothing before. */
  readonly tuningMinutes: number;
}

/** What else a machine tells about itself that helps to tell models apart. */
export interface ModelHints {
  /** Chips on each board. */
  readonly chips?: number | null;
  readonly boards?: number | null;
  /** AxeOS: "BM1370" and the like, all chips together, and the board's number. */
  readonly asic?: string | null;
  readonly asics?: number | null;
  readonly boardVersion?: string | null;
}

const family = (
  line: string,
  make: string,
  rows: readonly Row[],
  cooling: Cooling,
  of: Bands,
  tuningMinutes: number,
  chipsVary = false,
): Model[] =>
  rows.map(([id, name, hashrateThs, powerW, boards, chips, fans, aliases = []]) => ({
    id: line === "" ? id : `${line}-${id}`,
    make,
    name,
    aliases,
    nameplate: { hashrateThs, powerW, boards, chips, fans },
    cooling,
    chipsVary,
    chipsByVariant: chipsByHashBoard(`${line}-${id}`),
    bands: of,
    limits: { boardC: (of.boardC ?? of.chipC)?.critical ?? 80, chipC: of.chipC?.critical ?? 95 },
    tuningMinutes,
  }));

const immersed = (model: Model): Model => (/ M[56]6/.test(model.name) ? { ...model, cooling: "immersion" } : model);

/** Every model known here. Figures are the maker's usual nameplate or the firmware's default; see docs for sources. */
export const MODELS: readonly Model[] = [
  ...family(
    "antminer",
    "Bitmain",
    ANTMINER.filter(([id]) => /^[st]9/.test(id)),
    "air",
    BANDS.antminerOld,
    10,
  ),
  ...family(
    "antminer",
    "Bitmain",
    ANTMINER.filter(([id]) => !/^[st]9/.test(id)),
    "air",
    BANDS.antminer,
    10,
  ),
  ...family("antminer", "Bitmain", ANTMINER_OTHER, "air", BANDS.antminerOld, 10),
  ...family("antminer", "Bitmain", ANTMINER_HYDRO, "hydro", BANDS.antminerHydro, 10),
  ...family("whatsminer", "MicroBT", WHATSMINER, "air", BANDS.whatsminer, 30, true),
  ...family("whatsminer", "MicroBT", WHATSMINER_LIQUID, "hydro", BANDS.whatsminerLiquid, 30, true).map(immersed),
  ...family("avalon", "Canaan", AVALON, "air", BANDS.avalon, 15),
  ...family("avalon", "Canaan", AVALON_HOME, "air", BANDS.avalonHome, 15),
  ...family("bitaxe", "Bitaxe", BITAXE, "air", BANDS.axe, 3),
  ...family("", "NerdAxe", NERD, "air", BANDS.axe, 3),
];

const MAKERS = /BITMAIN|ANTMINER|MICROBT|WHATSMINER|CANAAN|AVALON(?:MINER)?|BITAXE/g;

/** Leaves what tells models apart: "Antminer S19j Pro+ (No PIC)" → "S19JPRO+", "S21 Hyd." → "S21HYDRO". */
const skeleton = (text: string): string =>
  text
    .toUpperCase()
    .replace(/\(.*?\)/g, " ")
    .replace(MAKERS, " ")
    .replace(/Γ/g, "GAMMA")
    .replace(/\bV\.?\d+\.\d.*$/, " ")
    .replace(/\b\d{1,4}(?:\.\d+)?\s*TH?(?:\/S)?\b/g, " ")
    .replace(/NO[ -]?PIC\b|\bHIVEON\b/g, " ")
    .replace(/PLUS/g, "+")
    .replace(/[^A-Z0-9+]/g, "")
    .replace(/HYD(?!RO)/g, "HYDRO");

const BY_SKELETON: ReadonlyMap<string, Model> = new Map(
  MODELS.flatMap((model) => [model.name, ...model.aliases].map((name): [string, Model] => [skeleton(name), model])),
);
const BY_ID: ReadonlyMap<string, Model> = new Map(MODELS.map((model) => [model.id, model]));

/** The model of a catalogue id, or null. */
export const modelById = (id: string): Model | null => BY_ID.get(id) ?? null;

const withVariant = (model: Model, variant: string | undefined): Model => {
  const chips = variant === undefined ? undefined : model.chipsByVariant[variant];
  return chips === undefined ? model : { ...model, nameplate: { ...model.nameplate, chips } };
};

/** "M30S++_VH40", "M60S VK40" → line and hash board. */
const WHATSMINER_TYPE = /^(M\d{2}S?\+{0,2})(V[A-Z]?[0-9A-Z]+)?$/;
/** "1246-83-5", "A1466I": Avalon's four-figure model, then power class or cooling. */
const AVALON_TYPE = /^A?(1[0-9]{3})(PRO)?/;

const AXE_BY_ASIC: readonly (readonly [asic: string, asics: number, id: string])[] = [
  ["BM1397", 1, "bitaxe-max"],
  ["BM1366", 1, "bitaxe-ultra"],
  ["BM1366", 6, "bitaxe-ultra-hex"],
  ["BM1368", 1, "bitaxe-supra"],
  ["BM1368", 6, "bitaxe-supra-hex"],
  ["BM1370", 1, "bitaxe-gamma"],
  ["BM1370", 2, "bitaxe-gt"],
];
const AXE_BY_BOARD: readonly (readonly [board: RegExp, id: string])[] = [
  [/^1\d\d$/, "bitaxe-max"],
  [/^2\d\d$/, "bitaxe-ultra"],
  [/^30\d$/, "bitaxe-ultra-hex"],
  [/^40\d$/, "bitaxe-supra"],
  [/^60\d$/, "bitaxe-gamma"],
  [/^65\d$/, "bitaxe-gamma-duo"],
  [/^70\d$/, "bitaxe-supra-hex"],
  [/^80\d$/, "bitaxe-gt"],
];

const axeModel = (hints: ModelHints): Model | null => {
  const asics = hints.asics ?? hints.chips ?? 1;
  const id =
    AXE_BY_BOARD.find(([board]) => board.test(hints.boardVersion ?? ""))?.[1] ??
    AXE_BY_ASIC.find(([asic, count]) => asic === hints.asic?.toUpperCase() && count === asics)?.[2];
  return id === undefined ? null : modelById(id);
};

/**
 * The catalogue's model for what a firmware calls itself: tolerant of case, spaces, the maker's name, "Hyd.", "(No PIC)" and
 * hash-board suffixes ("M60S_VK40", whose chips are then those of that board); an unknown suffix is never rounded to the nearest
 * model. `make` may be null. Gives null where nothing fits.
 */
export const findModel = (make: string | null, modelText: string | null, hints: ModelHints = {}): Model | null => {
  if (modelText === null || modelText.length > 120) return hints.asic === undefined ? null : axeModel(hints);
  const name = skeleton(modelText);
  const exact = BY_SKELETON.get(name);
  if (exact !== undefined && !(exact.id === "antminer-t19" && make === "MicroBT")) {
    const sibling = exact.id === "antminer-s19j" && hints.chips === 88 ? modelById("antminer-s19-88") : null;
    return sibling ?? exact;
  }
  const whatsminer = WHATSMINER_TYPE.exec(name);
  if (whatsminer !== null) {
    const model = BY_SKELETON.get(whatsminer[1] ?? "");
    if (model?.make === "MicroBT") return withVariant(model, whatsminer[2]);
  }
  const avalon = AVALON_TYPE.exec(name);
  if (avalon !== null && (make === null || make === "Canaan" || /avalon/i.test(make))) {
    const model = BY_SKELETON.get(`${avalon[1]}${avalon[2] ?? ""}`) ?? BY_SKELETON.get(avalon[1] ?? "");
    if (model?.make === "Canaan") return model;
  }
  return hints.asic === undefined ? null : axeModel(hints);
};
