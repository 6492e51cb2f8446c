/** Words of the page about cost and estimated revenue. */
import type { Group } from "../server/twin/usage/groups.ts";
import type { QuoteKind } from "../server/twin/usage/quotes.ts";

const groups: Readonly<Record<Group, string>> = { site: "Site", container: "Container", rack: "Rack", model: "Model", rig: "Rig" };
const kinds: Readonly<Record<QuoteKind, string>> = { hashprice: "Hashprice", power: "Power price", carbon: "Grid's carbon" };
const units: Readonly<Record<QuoteKind, (currency: string) => string>> = {
  hashprice: (currency) => `${currency} per PH/s and day`,
  power: (currency) => `${currency}/kWh`,
  carbon: () => "gCO2e/kWh",
};

export const moneyText = {
  title: "Economics",
  spans: { today: "Today", "7d": "7 d", "30d": "30 d", month: "This month", last: "Last month" },
  spanLabel: "Days",
  groupLabel: "By",
  groups,
  kinds,
  units,
  basis: (days: number) => `${days} UTC ${days === 1 ? "day" : "days"} of five-minute rows`,
  wall: "Energy at the wall",
  wallSide: (gap: string) => `metered against reported: ${gap}`,
  cost: "Power cost",
  costSide: (each: string) => `${each} per TH·h`,
  carbon: "Emissions",
  carbonSide: (each: string) => `${each} gCO2e per TH·h`,
  revenue: "Estimated revenue",
  revenueSide: "at the entered hashprice, before pool fees and luck",
  margin: "Estimated margin",
  marginSide: "revenue less power; nothing else is counted",
  breakEven: "Break-even power price",
  breakEvenSide: "at which estimated revenue pays the power and no more",
  noHashprice: "No hashprice is entered",
  incomparable: (a: string, b: string) => `Hashprice is in ${a}, power in ${b}: no margin is told. Enter the hashprice in ${b}.`,
  table: "By group, worst first",
  tableNote: "margin per TH·h, or cost per TH·h where no margin is known",
  worst: "worst tenth",
  csv: "Export CSV",
  none: "Nothing was delivered in these days",
  more: (n: number) => `${n} more lines are in the CSV file.`,
  heads: ["TH·h", "kWh", "J/TH", "Cost", "per TH·h", "gCO2e/TH·h", "Est. revenue", "Est. margin", "Break-even/kWh"],
  curtailments: "Curtailment",
  curtailmentsNote: "at least two rigs paused at once, as they say themselves",
  noCurtailments: "No curtailment in these days",
  curtailHeads: ["From", "Lasted", "Rigs", "Avoided", "Saved", "kgCO2e", "Not hashed"],
  prices: "Entered prices",
  pricesNote: "entered by people, never fetched",
  noPrices: "Nothing is entered. The meter's own price and carbon are used where it tells them.",
  holds: "holds from",
  enteredBy: (by: string) => `entered by ${by}`,
  enter: "Enter prices",
  form: {
    of: "What",
    value: "Value",
    currency: "Currency",
    from: "From (UTC day)",
    source: "Source",
    sourceMeans: "Where one can look it up",
    file: "Or a CSV file",
    fileMeans: "Lines like 2026-11-24,45.20",
    send: "Enter",
    badFile: (line: number) => `Line ${line} of the file is not a date and a number.`,
    read: (n: number) => `${n} lines read from the file`,
    empty: "Please fill in value, source and who you are.",
  },
  honest:
    "An estimate of the past from delivered TH·h and a price that somebody entered. It does not say what was paid out, and nothing about what will be.",
} as const;
