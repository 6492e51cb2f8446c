import type { RosterRow } from "../../server/twin/delta.ts";

/** Whether a rig's name, model, serial, MAC, IP or place has `wanted` (lower case) in it. */
export const matches = (row: RosterRow, wanted: string): boolean => {
  if (wanted === "") return true;
  const place = row.position === null ? "" : `${row.position.container} ${row.position.rack} ${row.position.slot}`;
  return [row.rig, row.model, row.serial, row.mac, row.ip, place].some((text) => text !== null && text.toLowerCase().includes(wanted));
};

/** Names as people count: "2" before "10". */
export const natural = new Intl.Collator("en", { numeric: true, sensitivity: "base" }).compare;
