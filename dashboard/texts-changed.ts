/** Words of what changed in the last hour, and of the weakest racks. */
export const changedText = {
  title: "Changed in the last hour",
  note: "five-minute means then and now; alarms and orders since",
  rigs: "Rigs that report",
  raised: (n: number) => `raised for ${n}`,
  more: (n: number) => `+${n}`,
  cleared: "Alarms cleared",
  nothing: "No alarm and no work order changed in this hour.",
  incidents: "Open incidents",
  noIncident: "None: nothing is wrong that an alarm knows of.",
  racks: "Weakest racks",
  racksNote: "hashrate now against the nameplate; opens the rack",
  allRacks: "Floor map",
  noRacks: "No rig has a place yet",
  noRacksMore: "Say under Floor map, Positions, where rigs stand.",
} as const;
