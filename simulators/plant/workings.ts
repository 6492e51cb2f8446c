/** Which catalogue models the simulator builds, and the few workings of each that a catalogue does not tell. */
import { modelById, type Model } from "../../server/twin/models.ts";

export interface Workings {
  readonly model: Model;
  /** Of the chips at nominal hashrate. */
  readonly frequencyMhz: number;
  /** Of a board at nominal hashrate. */
  readonly voltageV: number;
  readonly fanMaxRpm: number;
  /** What its fans hold the boards at, °C. */
  readonly targetC: number;
  readonly firmware: readonly string[];
  /** First letters of its serial numbers. */
  readonly serialPrefix: string;
}

const STOCK = ["Antminer stock 2024-06", "Antminer stock 2025-01", "Braiins OS 25.07", "LuxOS 2025.8.1"];
const ANTMINER = { fanMaxRpm: 6_180, targetC: 59, firmware: STOCK, serialPrefix: "SM" };
const WHATSMINER = { fanMaxRpm: 6_600, targetC: 64, firmware: ["20240918.11.REL", "20250314.16.REL"], serialPrefix: "HT" };
const AVALON = { fanMaxRpm: 6_900, targetC: 66, firmware: ["24062501_97e1f0c", "25021401_56abae7"], serialPrefix: "AV" };

const of = (id: string, frequencyMhz: number, voltageV: number, line: Omit<Workings, "model" | "frequencyMhz" | "voltageV">): Workings => {
  const model = modelById(id);
  if (model === null) throw new RangeError(`the catalogue has no model "${id}"`);
  return { model, frequencyMhz, voltageV, ...line };
};

/** In the order in which a farm's racks are filled with them. */
export const WORKINGS: readonly Workings[] = [
  of("antminer-s21", 490, 13.8, ANTMINER),
  of("antminer-s19j-pro", 545, 13.5, ANTMINER),
  of("antminer-s19-xp", 540, 13.6, ANTMINER),
  of("whatsminer-m60s", 625, 12.6, WHATSMINER),
  of("antminer-t21", 470, 14.1, ANTMINER),
  of("antminer-s21-pro", 560, 13.7, ANTMINER),
  of("whatsminer-m30s-plus-plus", 700, 13.1, WHATSMINER),
  of("avalon-1466", 580, 13.0, AVALON),
  of("whatsminer-m50s", 660, 12.9, WHATSMINER),
];
