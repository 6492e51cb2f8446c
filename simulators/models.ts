/** The machines the simulator builds, and the few workings of each that a catalogue does not tell. */

export interface SimulatedModel {
  /** Catalogue id. */
  readonly id: string;
  readonly make: string;
  readonly model: string;
  readonly hashrateThs: number;
  readonly powerW: number;
  readonly boards: number;
  /** On each board. */
  readonly chips: number;
  readonly fans: number;
  /** Of the chips at nominal hashrate. */
  readonly frequencyMhz: number;
  /** Of a board at nominal hashrate. */
  readonly voltageV: number;
  readonly fanMaxRpm: number;
  /** From the start of tuning to full hashrate. */
  readonly tuneS: number;
  readonly firmware: readonly string[];
  /** First letters of its serial numbers. */
  readonly serialPrefix: string;
}

const ANTMINER = { make: "Bitmain", boards: 3, fans: 4, fanMaxRpm: 6_180, tuneS: 300, serialPrefix: "SM" };
const WHATSMINER = { make: "MicroBT", boards: 3, fans: 2, fanMaxRpm: 6_600, tuneS: 600, serialPrefix: "HT" };
const AVALON = { make: "Canaan", boards: 3, fans: 2, fanMaxRpm: 6_900, tuneS: 240, serialPrefix: "AV" };
const STOCK = ["Antminer stock 2024-06", "Antminer stock 2025-01", "Braiins OS 25.07", "LuxOS 2025.8.1"];
const MICROBT = ["20240918.11.REL", "20250314.16.REL"];
const CANAAN = ["24062501_97e1f0c", "25021401_56abae7"];

export const MODELS: readonly SimulatedModel[] = [
  { ...ANTMINER, id: "s21", model: "Antminer S21", hashrateThs: 200, powerW: 3_500, chips: 108, frequencyMhz: 490, voltageV: 13.8, firmware: STOCK },
  { ...ANTMINER, id: "s19j-pro", model: "Antminer S19j Pro", hashrateThs: 104, powerW: 3_068, chips: 126, frequencyMhz: 545, voltageV: 13.5, firmware: STOCK },
  { ...ANTMINER, id: "s19-xp", model: "Antminer S19 XP", hashrateThs: 140, powerW: 3_010, chips: 110, frequencyMhz: 540, voltageV: 13.6, firmware: STOCK },
  { ...WHATSMINER, id: "m60s", model: "Whatsminer M60S", hashrateThs: 186, powerW: 3_441, chips: 225, frequencyMhz: 625, voltageV: 12.6, firmware: MICROBT },
  { ...ANTMINER, id: "t21", model: "Antminer T21", hashrateThs: 190, powerW: 3_610, chips: 108, frequencyMhz: 470, voltageV: 14.1, firmware: STOCK },
  { ...ANTMINER, id: "s21-pro", model: "Antminer S21 Pro", hashrateThs: 234, powerW: 3_510, chips: 65, frequencyMhz: 560, voltageV: 13.7, firmware: STOCK },
  { ...WHATSMINER, id: "m30s++", model: "Whatsminer M30S++", hashrateThs: 112, powerW: 3_472, chips: 117, frequencyMhz: 700, voltageV: 13.1, firmware: MICROBT },
  { ...AVALON, id: "a1466", model: "AvalonMiner 1466", hashrateThs: 150, powerW: 3_230, chips: 176, frequencyMhz: 580, voltageV: 13.0, firmware: CANAAN },
  { ...WHATSMINER, id: "m50s", model: "Whatsminer M50S", hashrateThs: 126, powerW: 3_276, chips: 135, frequencyMhz: 660, voltageV: 12.9, firmware: MICROBT },
];
