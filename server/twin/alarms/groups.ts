/** What rigs have in common: where they stand, what they hang on, who speaks for them, whom they work for. */
import type { Twin } from "../twin.ts";
import type { CauseScope } from "./incident.ts";
import type { Symptom } from "./kinds.ts";
import type { Watch } from "./watch.ts";

export interface Group {
  readonly scope: CauseScope;
  readonly name: string;
}
export const keyOf = ({ scope, name }: Group): string => `${scope}/${name}`;

/** What can be the common cause of a symptom: a gateway does not heat, a pool does not take out boards. */
const MAY: Readonly<Record<Symptom, readonly CauseScope[]>> = {
  silence: ["rack", "pdu", "gateway", "container", "site"],
  clock: ["gateway", "container", "site"],
  heat: ["rack", "container", "site"],
  cooling: ["rack", "container", "site"],
  work: ["rack", "pdu", "container", "pool", "site"],
  pool: ["container", "pool", "site"],
  power: ["rack", "pdu", "container", "site"],
  part: ["rack", "pdu", "container", "site"],
  sensor: ["rack", "gateway", "container", "site"],
  drift: ["rack", "container", "site"],
  system: [],
};

/** What follows from a symptom on the same rig. What does not is another incident, even in the midst of a heat wave. */
const FOLLOWS: Readonly<Record<Symptom, readonly Symptom[]>> = {
  silence: ["clock", "work", "pool", "power", "drift"],
  heat: ["cooling", "work", "power", "drift"],
  cooling: ["heat", "work", "power", "drift"],
  work: ["pool", "power", "drift"],
  pool: ["work", "power", "drift"],
  power: ["silence", "work", "drift"],
  part: ["work", "power", "drift"],
  clock: [],
  sensor: [],
  drift: [],
  system: [],
};
export const isPartOf = (symptom: Symptom, cause: Symptom): boolean => symptom === cause || FOLLOWS[cause].includes(symptom);

/** Which rigs hang on which power distribution unit, the other way round. */
export const pdusByRig = (pdus: ReadonlyMap<string, readonly string[]>): ReadonlyMap<string, string> =>
  new Map([...pdus].flatMap(([pdu, rigs]) => rigs.map((rig): [string, string] => [rig, pdu])));

/** Groups of a rig that may be the cause of `symptom`, smallest kind first. */
export const groupsOf = (symptom: Symptom, twin: Twin, watch: Watch | undefined, pduOf: ReadonlyMap<string, string>): Group[] => {
  const { position, rig, site } = twin;
  const names: Readonly<Partial<Record<CauseScope, string | null | undefined>>> = {
    rack: position === null ? null : `${position.container} ${position.rack}`,
    pdu: pduOf.get(rig),
    gateway: watch?.gateway,
    container: position?.container,
    pool: watch?.pool?.known[0]?.split(" ")[0],
    site,
  };
  return MAY[symptom].flatMap((scope) => {
    const name = names[scope];
    return name === null || name === undefined ? [] : [{ scope, name }];
  });
};
