/** The values of a message that is mapped: which field each is, and with which factor. */
import { NativeSelect, TextInput } from "@mantine/core";
import type { ReactNode } from "react";
import type { InboxAnswer } from "../../server/twin/api.ts";
import { inboxText as text } from "../texts-inbox.ts";
import { ScrollX } from "./scroll-x.tsx";

export interface Row {
  readonly path: string;
  /** As it stands in the newest message; null: not told. */
  readonly now: string | null;
  /** "" : not read. */
  readonly field: string;
  readonly factor: string;
  /** Its path was typed, not found. */
  readonly free: boolean;
}

const FANS = Array.from({ length: 4 }, (_, fan) => `fans.${fan}.rpm`);
const BOARD = ["hashrateThs", "boardC", "chipC"];
const BOARDS = Array.from({ length: 4 }, (_, board) => BOARD.map((field) => `boards.${board}.${field}`)).flat();
const UNITS: Readonly<Record<string, string>> = { rpm: "RPM" };

/** What can be chosen, with units; a field that a guess names and the list does not is added. */
const optionsOf = (fields: InboxAnswer["fields"], chosen: string): { readonly value: string; readonly label: string }[] => {
  const names = [...Object.keys(fields), ...FANS, ...BOARDS];
  const all = chosen === "" || names.includes(chosen) ? names : [chosen, ...names];
  const unitOf = (name: string): string =>
    fields[name] ?? fields[name.split(".").at(-1) ?? ""] ?? UNITS[name.split(".").at(-1) ?? ""] ?? "";
  return [
    { value: "", label: text.skip },
    ...all.map((name) => ({ value: name, label: [name, unitOf(name)].filter(Boolean).join(" · ") })),
  ];
};

export const MapRows = ({
  rows,
  fields,
  onChange,
}: {
  readonly rows: readonly Row[];
  readonly fields: InboxAnswer["fields"];
  readonly onChange: (at: number, change: Partial<Row>) => void;
}): ReactNode => (
  <ScrollX label={text.fields} className="map-rows">
    <table className="table">
      <thead>
        <tr>
          {[text.path, text.now, text.field, text.factor].map((head) => (
            <th key={head} scope="col">
              {head}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row, at) => (
          <tr key={at}>
            <th scope="row">
              {row.free ? (
                <TextInput
                  size="xs"
                  aria-label={text.pathOf(String(at + 1))}
                  value={row.path}
                  maxLength={300}
                  className="mono"
                  onChange={(event) => onChange(at, { path: event.currentTarget.value.trim() })}
                />
              ) : (
                <span className="mono">{row.path}</span>
              )}
            </th>
            <td className="map-now">{row.now ?? <span className="quiet">{text.free}</span>}</td>
            <td>
              <NativeSelect
                size="xs"
                aria-label={text.fieldOf(row.path)}
                value={row.field}
                data={optionsOf(fields, row.field)}
                onChange={(event) => onChange(at, { field: event.currentTarget.value })}
              />
            </td>
            <td>
              <TextInput
                size="xs"
                aria-label={text.factorOf(row.path)}
                inputMode="decimal"
                value={row.factor}
                disabled={row.field === ""}
                onChange={(event) => onChange(at, { factor: event.currentTarget.value })}
              />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  </ScrollX>
);
