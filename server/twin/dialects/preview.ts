/** What messages that wait would be read as with a mapping, before anybody says so. */
import { FIELDS } from "./fields.ts";
import { heardOf } from "./index.ts";
import { hearMapped, matchOf, valueAt, type Mapping } from "./mapping.ts";
import type { Measured, Reading } from "../reading.ts";
import type { MappingPreview } from "../api.ts";
import type { Strangers } from "./strangers.ts";

const MOST_SHOWN = 5;

const unitOf = (field: string): string => {
  const last = field.split(".").at(-1) ?? field;
  return last === "rpm" ? "RPM" : (FIELDS[field] ?? FIELDS[last] ?? "");
};

/** Whatever stands there as one value that can be shown. */
const plain = (value: unknown): string | number | boolean | null =>
  typeof value === "string" ? value.slice(0, 100) : typeof value === "number" || typeof value === "boolean" ? value : null;

const ofPart = (measured: Measured, field: string): unknown => {
  const [kind = "", place = "", inner = ""] = field.split(".");
  const rows: readonly { readonly index: number }[] = kind === "fans" ? measured.fans : measured.boards;
  const row = rows.find(({ index }) => index === Number(place));
  return (row as Readonly<Record<string, unknown>> | undefined)?.[inner === "intakeC" ? "inletC" : inner];
};

/** A mapped field's value in the reading it became. */
const inReading = ({ measured, identity }: Reading, field: string): string | number | null => {
  const value = field.includes(".")
    ? ofPart(measured, field)
    : field === "poolUrl"
      ? measured.pools[0]?.url
      : field === "worker"
        ? measured.pools[0]?.worker
        : field in measured
          ? measured[field as keyof Measured]
          : identity?.[field as keyof NonNullable<Reading["identity"]>];
  return typeof value === "string" || typeof value === "number" ? value : null;
};

/** Reads with `mapping` what waits in `strangers`; changes nothing. `site` is the server's own. */
export const previewOf = (mapping: Mapping, strangers: Strangers, site: string): MappingPreview => {
  const fitting = [...strangers.values()].filter(({ topic }) => matchOf(mapping.topic, topic.split("/")) !== null);
  const newest = fitting
    .toReversed()
    .slice(0, MOST_SHOWN)
    .flatMap(({ topic, samples }) => {
      const sample = samples.at(-1);
      if (sample === undefined) return [];
      const heard = heardOf({ topic, payload: sample.payload, receivedTs: sample.receivedTs }, site);
      const [told] = hearMapped(heard, [mapping], { devices: new Map() }) ?? [];
      const reading = told?.kind === "reading" ? told.reading : null;
      const meter = told?.kind === "meter" ? told.meter : null;
      const fields = mapping.fields.map(({ path, field }) => {
        const value = reading !== null ? inReading(reading, field) : meter !== null && field === "powerW" ? meter.powerW : null;
        const quality = reading?.quality[field === "intakeC" ? "intakeC" : field] ?? (value === null ? "missing" : "ok");
        return {
          field,
          found: plain(valueAt(heard.json === undefined ? heard.text : heard.json, path)),
          value,
          unit: unitOf(field),
          quality,
        };
      });
      return [{ topic, name: reading?.rig ?? meter?.meter ?? null, fields }];
    });
  return { topics: fitting.length, messages: fitting.reduce((sum, { samples }) => sum + samples.length, 0), newest };
};
