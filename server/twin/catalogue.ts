/** The figures of the catalogue; `models.ts` makes models of them. */

/** Degrees at which an operator should look (`warn`) and at which the machine is in danger (`critical`), °C. */
export interface Limit {
  readonly warn: number;
  readonly critical: number;
}

/** `null` where the maker and the field say nothing for such a machine. */
export interface Bands {
  readonly boardC: Limit | null;
  readonly chipC: Limit | null;
  readonly intakeC: Limit | null;
  readonly psuC: Limit | null;
}

type Pair = readonly [warn: number, critical: number] | null;
const bands = (board: Pair, chip: Pair, intake: Pair, psu: Pair = null): Bands => {
  const of = (pair: Pair): Limit | null => (pair === null ? null : { warn: pair[0], critical: pair[1] });
  return { boardC: of(board), chipC: of(chip), intakeC: of(intake), psuC: of(psu) };
};

/** Bands read in products and manuals: Antminer PCB 75/80, S21 throttles at 40 °C intake and stops at 47; Whatsminer hydro PCB 65/70, chip 80/85, inlet 40/45; Avalon chip 120; Bitaxe chip 75, regulator 105. */
export const BANDS = {
  antminer: bands([75, 80], [90, 95], [40, 45]),
  antminerHydro: bands([75, 80], [85, 90], [40, 45]),
  antminerOld: bands([80, 85], [95, 105], [40, 45]),
  whatsminer: bands([80, 85], [100, 110], [40, 45]),
  whatsminerLiquid: bands([65, 70], [80, 85], [40, 45]),
  avalon: bands([85, 95], [100, 120], [38, 45]),
  avalonHome: bands([85, 95], [95, 105], [38, 45]),
  axe: bands(null, [68, 75], null, [90, 105]),
} as const;

/** One machine: nameplate at the wall, chips on each board; further spellings where firmware has them. */
export type Row = readonly [
  id: string,
  name: string,
  ths: number,
  watts: number,
  boards: number,
  chips: number,
  fans: number,
  aliases?: readonly string[],
];

/** SHA-256 machines of Bitmain: usual nameplate of the model, chips as `chain_acn` of real machines tells them. */
export const ANTMINER: readonly Row[] = [
  ["s9", "Antminer S9", 13.5, 1323, 3, 63, 2],
  ["s9i", "Antminer S9i", 14, 1320, 3, 63, 2],
  ["s9j", "Antminer S9j", 14.5, 1350, 3, 63, 2],
  ["s9k", "Antminer S9k", 13.5, 1148, 3, 60, 2],
  ["s9-se", "Antminer S9 SE", 16, 1280, 3, 60, 2],
  ["t9-plus", "Antminer T9+", 10.5, 1432, 3, 54, 2, ["T9"]],
  ["s17", "Antminer S17", 56, 2520, 3, 48, 4],
  ["s17-pro", "Antminer S17 Pro", 53, 2094, 3, 48, 4],
  ["s17-plus", "Antminer S17+", 73, 2920, 3, 65, 4],
  ["s17e", "Antminer S17e", 64, 2880, 3, 135, 4],
  ["t17", "Antminer T17", 40, 2200, 3, 30, 4],
  ["t17-plus", "Antminer T17+", 64, 3200, 3, 44, 4],
  ["t17e", "Antminer T17e", 53, 2915, 3, 78, 4],
  ["s19", "Antminer S19", 95, 3250, 3, 76, 4],
  ["s19l", "Antminer S19L", 86, 2925, 3, 76, 4],
  ["s19-pro", "Antminer S19 Pro", 110, 3250, 3, 114, 4],
  ["s19j", "Antminer S19j", 90, 3100, 3, 114, 4],
  ["s19-88", "Antminer S19 88", 86, 2967, 3, 88, 4, ["S19J88NOPIC", "S19j 88", "S19x88", "S19x88 Hiveon"]],
  ["s19i", "Antminer S19i", 94, 3250, 3, 80, 4],
  ["s19-plus", "Antminer S19+", 98, 3250, 3, 80, 4],
  ["s19-pro-plus", "Antminer S19 Pro+", 120, 3300, 3, 120, 4],
  ["s19j-pro", "Antminer S19j Pro", 104, 3068, 3, 126, 4, ["S19j Pro-A", "S19jProA"]],
  ["s19j-pro-plus", "Antminer S19j Pro+", 122, 3355, 3, 120, 4],
  ["s19-xp", "Antminer S19 XP", 140, 3010, 3, 110, 4],
  ["s19j-xp", "Antminer S19j XP", 151, 3247, 3, 110, 4],
  ["s19k-pro", "Antminer S19k Pro", 120, 2760, 3, 77, 4],
  ["s19a", "Antminer S19a", 96, 3250, 3, 72, 4],
  ["s19a-pro", "Antminer S19a Pro", 110, 3245, 3, 100, 4],
  ["t19", "Antminer T19", 84, 3150, 3, 76, 4],
  ["s21", "Antminer S21", 200, 3500, 3, 108, 4, ["BHB68601", "BHB68606"]],
  ["s21-plus", "Antminer S21+", 216, 3564, 3, 55, 4],
  ["s21-pro", "Antminer S21 Pro", 234, 3510, 3, 65, 4],
  ["s21-xp", "Antminer S21 XP", 270, 3645, 3, 91, 4],
  ["t21", "Antminer T21", 190, 3610, 3, 108, 4],
];

/** Bitmain's machines for other algorithms than SHA-256, in TH/s of their own; chips as pyasic has collected them. */
export const ANTMINER_OTHER: readonly Row[] = [
  ["d3", "Antminer D3", 0.0193, 1350, 3, 60, 2],
  ["d7", "Antminer D7", 1.286, 3148, 3, 70, 4],
  ["d9", "Antminer D9", 1.77, 2839, 3, 126, 4],
  ["e9-pro", "Antminer E9 Pro", 0.00368, 2200, 2, 8, 4],
  ["hs3", "Antminer HS3", 9, 2079, 3, 92, 4],
  ["k7", "Antminer K7", 63.5, 3080, 3, 92, 2],
  ["ka3", "Antminer KA3", 166, 3154, 3, 92, 4],
  ["ks3", "Antminer KS3", 8.3, 3188, 3, 92, 2],
  ["ks5", "Antminer KS5", 20, 3000, 3, 92, 4],
  ["ks5-pro", "Antminer KS5 Pro", 21, 3150, 3, 92, 4],
  ["l3-plus", "Antminer L3+", 0.000504, 800, 4, 72, 2],
  ["l3-plus-plus", "Antminer L3++", 0.000596, 1050, 4, 72, 2],
  ["l7", "Antminer L7", 0.0095, 3425, 3, 120, 4, ["L7_i"]],
  ["l9", "Antminer L9", 0.016, 3360, 3, 110, 4, ["L9_i"]],
];

export const ANTMINER_HYDRO: readonly Row[] = [
  ["s19-hydro", "Antminer S19 Hydro", 158, 5451, 4, 104, 0],
  ["s19-pro-hydro", "Antminer S19 Pro Hydro", 184, 5428, 4, 180, 0],
  ["s19-pro-plus-hydro", "Antminer S19 Pro+ Hydro", 198, 5445, 4, 180, 0],
  ["s19-xp-hydro", "Antminer S19 XP Hydro", 255, 5304, 3, 204, 0],
  ["s21-hydro", "Antminer S21 Hydro", 335, 5360, 3, 216, 0],
  ["s21-plus-hydro", "Antminer S21+ Hydro", 319, 4785, 3, 95, 0],
  ["s21-xp-hydro", "Antminer S21 XP Hydro", 473, 5676, 3, 160, 0],
  ["s21e-xp-hydro", "Antminer S21e XP Hydro", 430, 5590, 3, 160, 0],
  ["s23-hydro", "Antminer S23 Hydro", 580, 5510, 3, 84, 0],
];

/** MicroBT: nameplate of the line; chips differ by hash board (see `VARIANTS`). */
export const WHATSMINER: readonly Row[] = [
  ["m20", "Whatsminer M20", 45, 2160, 3, 70, 2],
  ["m20s", "Whatsminer M20S", 68, 3360, 3, 105, 2],
  ["m21", "Whatsminer M21", 31, 1860, 3, 33, 2],
  ["m21s", "Whatsminer M21S", 56, 3360, 3, 105, 2],
  ["m30s", "Whatsminer M30S", 88, 3344, 3, 148, 2],
  ["m30s-plus", "Whatsminer M30S+", 100, 3400, 3, 215, 2],
  ["m30s-plus-plus", "Whatsminer M30S++", 112, 3472, 3, 111, 2],
  ["m31s", "Whatsminer M31S", 76, 3220, 3, 105, 2],
  ["m31s-plus", "Whatsminer M31S+", 80, 3360, 3, 105, 2],
  ["m50", "Whatsminer M50", 114, 3306, 3, 105, 2],
  ["m50s", "Whatsminer M50S", 126, 3276, 3, 135, 2],
  ["m50s-plus", "Whatsminer M50S+", 138, 3312, 3, 117, 2],
  ["m50s-plus-plus", "Whatsminer M50S++", 150, 3300, 3, 123, 2],
  ["m60", "Whatsminer M60", 172, 3422, 3, 215, 2],
  ["m60s", "Whatsminer M60S", 186, 3441, 3, 245, 2],
  ["m60s-plus", "Whatsminer M60S+", 212, 3600, 3, 245, 2],
  ["m60s-plus-plus", "Whatsminer M60S++", 226, 3503, 3, 235, 2],
];

export const WHATSMINER_LIQUID: readonly Row[] = [
  ["m53", "Whatsminer M53", 230, 6670, 4, 128, 0],
  ["m53s", "Whatsminer M53S", 260, 6760, 4, 198, 0],
  ["m53s-plus-plus", "Whatsminer M53S++", 320, 7040, 4, 240, 0],
  ["m56", "Whatsminer M56", 194, 5550, 4, 108, 0],
  ["m56s", "Whatsminer M56S", 212, 5550, 4, 152, 0],
  ["m56s-plus", "Whatsminer M56S+", 230, 5550, 4, 176, 0],
  ["m56s-plus-plus", "Whatsminer M56S++", 254, 5550, 4, 160, 0],
  ["m63", "Whatsminer M63", 334, 6646, 4, 272, 0],
  ["m63s", "Whatsminer M63S", 390, 7215, 4, 370, 0],
  ["m63s-plus", "Whatsminer M63S+", 424, 7208, 4, 456, 0],
  ["m63s-plus-plus", "Whatsminer M63S++", 464, 7200, 4, 380, 0],
  ["m66", "Whatsminer M66", 280, 5572, 4, 192, 0],
  ["m66s", "Whatsminer M66S", 298, 5513, 4, 240, 0],
  ["m66s-plus", "Whatsminer M66S+", 318, 5406, 4, 240, 0],
  ["m66s-plus-plus", "Whatsminer M66S++", 356, 5518, 4, 250, 0],
];

export const AVALON: readonly Row[] = [
  ["1047", "AvalonMiner 1047", 37, 2380, 3, 80, 2],
  ["1066", "AvalonMiner 1066", 50, 3250, 3, 114, 4],
  ["1126-pro", "AvalonMiner 1126 Pro", 68, 3420, 3, 120, 4, ["1126"]],
  ["1166-pro", "AvalonMiner 1166 Pro", 81, 3400, 3, 120, 4, ["1166"]],
  ["1246", "AvalonMiner 1246", 90, 3420, 3, 120, 4],
  ["1346", "AvalonMiner 1346", 110, 3300, 3, 120, 2],
  ["1366", "AvalonMiner 1366", 130, 3250, 3, 120, 2],
  ["1446", "AvalonMiner 1446", 135, 3310, 3, 176, 2],
  ["1466", "AvalonMiner 1466", 150, 3230, 3, 176, 2],
  ["1566", "AvalonMiner 1566", 185, 3420, 3, 160, 2, ["15-194", "A15"]],
];

export const AVALON_HOME: readonly Row[] = [
  ["nano3", "Avalon Nano 3", 4, 140, 1, 10, 1],
  ["nano3s", "Avalon Nano 3S", 6, 140, 1, 12, 1],
  ["mini3", "Avalon Mini 3", 37.5, 800, 1, 66, 1],
  ["q", "Avalon Q", 90, 1674, 1, 160, 4, ["Home Q"]],
];

/** Open machines: expected TH/s = MHz × small cores × chips / 1e6 at the firmware's default frequency. */
export const BITAXE: readonly Row[] = [
  ["max", "Bitaxe Max", 0.35, 14, 1, 1, 1],
  ["ultra", "Bitaxe Ultra", 0.434, 12, 1, 1, 1],
  ["ultra-hex", "Bitaxe Ultra Hex", 2.6, 72, 1, 6, 1, ["UltraHex", "Hex"]],
  ["supra", "Bitaxe Supra", 0.625, 14, 1, 1, 1],
  ["supra-hex", "Bitaxe Supra Hex", 3.75, 84, 1, 6, 2, ["SupraHex"]],
  ["gamma", "Bitaxe Gamma", 1.07, 19, 1, 1, 1],
  ["gamma-duo", "Bitaxe Gamma Duo", 1.63, 28, 1, 2, 1, ["GammaDuo"]],
  ["gt", "Bitaxe GT", 2.14, 36, 1, 2, 1, ["Gamma Turbo", "GammaTurbo"]],
];

export const NERD: readonly Row[] = [
  ["nerdaxe", "NerdAxe", 0.5, 12, 1, 1, 1, ["NerdAxe Ultra"]],
  ["nerdaxe-gamma", "NerdAxe Gamma", 1.1, 20, 1, 1, 1, ["NerdAxeγ"]],
  ["nerdqaxe", "NerdQAxe", 1.95, 52, 1, 4, 1],
  ["nerdqaxe-plus", "NerdQAxe+", 2.5, 60, 1, 4, 1, ["NerdQAxe Plus"]],
  ["nerdqaxe-plus-plus", "NerdQAxe++", 4.8, 76, 1, 4, 1, ["NerdQAxe Plus Plus", "NerdQAxe++ Rev5", "NerdQAxe++ Rev6"]],
  ["nerdoctaxe-gamma", "NerdOctaxe Gamma", 9.6, 160, 1, 8, 2, ["NerdOCTAXE-γ", "NerdOctaxe"]],
];
