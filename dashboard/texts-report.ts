/** Words of the page about a month's energy. */
export const reportText = {
  title: "Monthly report",
  page: "Months",
  month: "Month",
  earlier: "The month before",
  later: "The month after",
  pdf: "PDF",
  csv: "CSV",
  lead: (days: number, isOver: boolean) =>
    `${days} UTC ${days === 1 ? "day" : "days"} with readings${isOver ? "" : ", the month is not over"}`,
  nothing: "Nothing was measured in this month",
  nothingMore: "Choose another month.",
  wall: "Energy at the wall",
  wallSide: (reported: string) => `rigs report ${reported}`,
  cost: "Cost of power",
  perThH: (each: string) => `${each} per TH·h`,
  carbon: "Emissions",
  delivered: "Delivered",
  deliveredSide: "hashrate × time, as rigs report",
  efficiency: "Efficiency at the wall",
  efficiencySide: "energy at the wall ÷ TH·h",
  avoided: "Curtailment avoided",
  avoidedSide: (saved: string, carbon: string) => `saved ${saved}, ${carbon}`,
  bySource: "By source",
  bySourceNote: "from the site's meter; a charging battery counts negative",
  byGroup: "Cost and carbon per TH·h",
  byGroupNote: "costliest first",
  groups: { racks: "By rack", models: "By model" },
  groupLabel: "Grouped",
  heads: ["Rigs", "kWh", "TH·h", "J/TH", "Cost per TH·h", "gCO2e per TH·h"],
  byDay: "By day",
  day: "Day",
  dayHeads: ["kWh", "Cost", "kgCO2e", "TH·h", "J/TH", "Avoided kWh", "No meter h", "No reading rig·h", "Signed", "Rows"],
  rows: { open: "open", sealed: "sealed", chain: "on the chain" },
  curtailments: "Curtailment",
  whence: "Where the figures are from, and what is missing",
  from: {
    energy: (metered: boolean, h: string) =>
      metered
        ? `Energy is the site's meter's, shared among the rigs by what they report, five minutes at a time. It was away for ${h} h; there the rigs' own reports stand.`
        : "No meter spoke: energy is what the rigs report.",
    readings: (pct: string) =>
      `TH·h and J/TH are from the rigs' own readings, ${pct} of them signed by a gateway; for the others nobody vouches.`,
    cost: "Cost is the grid's part of the inflow at the price of those five minutes, as the meter tells it, else as it was entered.",
    missing: (days: number, silent: string, rig: string) =>
      `Missing: ${days} ${days === 1 ? "day" : "days"} without any reading, ${silent} h in which no rig spoke, ${rig} rig-hours without readings.`,
    sealed: (days: number, sealed: number, anchored: number) =>
      `Of ${days} ${days === 1 ? "day" : "days"} the five-minute rows of ${sealed} are sealed and of ${anchored} anchored on the chain.`,
    entered: (of: string, value: number, day: string, source: string, by: string) =>
      `Entered: ${of} ${value} from ${day}, source “${source}”, by ${by}.`,
    honest: "An account of what was measured. It says nothing about what will be earned.",
  },
} as const;
