/** Checklists by kind of work. A template is only where an order starts from: its own list may be changed. */
import type { OrderKind } from "./words.ts";

export const CHECKLISTS: Readonly<Record<OrderKind, readonly string[]>> = {
  inspection: [
    "Photo of the machine and its label",
    "Cables, plugs and breaker without scorch marks",
    "Fans turn freely, no play in the bearings",
    "Board and chip temperatures read",
    "Error log read and noted",
  ],
  cleaning: [
    "Rig paused and unplugged",
    "Fans held still while air is blown",
    "Dust blown out of heat sinks, against the usual flow",
    "Fans and grilles wiped",
    "Plugged in again, hashes at its nameplate",
    "Temperatures lower than before, noted",
  ],
  "part-replaced": [
    "Rig paused and unplugged, capacitors discharged",
    "Photo of the part and its serial before",
    "Serial numbers of the old and the new part noted",
    "New part fitted, cables seated",
    "Self-test passed, all boards and chips found",
    "Hashes at its nameplate for 30 minutes",
  ],
  firmware: [
    "Version before noted",
    "File's checksum compared with the maker's",
    "Pools and profile noted",
    "Updated, version after noted",
    "Pools and profile as before",
    "Hashes at its nameplate for 30 minutes",
  ],
  "repair-sent": [
    "Fault described, photos taken",
    "Vendor's number for the return noted",
    "Serial numbers of machine and parts noted",
    "Packed, handed to the carrier, tracking noted",
  ],
  "repair-returned": [
    "Packaging and seals looked at",
    "Serial numbers compared with what was sent",
    "Vendor's report kept",
    "Built in, hashes at its nameplate for 30 minutes",
  ],
  installation: [
    "Serial number and MAC noted",
    "In its slot, airflow the right way",
    "Own breaker, plugs seated",
    "Network, pools and profile set",
    "Hashes at its nameplate for 30 minutes",
  ],
  retired: ["Serial numbers of parts to keep noted", "Pools and keys wiped", "Taken off power and network", "Where it goes noted"],
};

/** Kinds that usually mend a fault; an order may say otherwise. */
export const CORRECTIVE: ReadonlySet<OrderKind> = new Set<OrderKind>(["part-replaced", "repair-sent", "repair-returned"]);
