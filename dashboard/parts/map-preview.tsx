import type { ReactNode } from "react";
import type { MappingPreview } from "../../server/twin/api.ts";
import { inboxText as text } from "../texts-inbox.ts";
import { ScrollX } from "./scroll-x.tsx";

const shown = (value: string | number | null, unit: string): string =>
  value === null ? "–" : typeof value === "number" ? `${Number(value.toPrecision(9))}${unit === "" ? "" : `\u202f${unit}`}` : value;

/** What the newest messages would be read as. */
export const MapPreview = ({ preview }: { readonly preview: MappingPreview }): ReactNode => (
  <section className="map-preview" aria-label={text.previewTitle}>
    <p role="status">{text.fits(preview.topics, preview.messages)}</p>
    {preview.newest.length === 0 ? null : (
      <ScrollX label={text.previewTitle}>
        <table className="table">
          <thead>
            <tr>
              {text.previewHeads.map((head) => (
                <th key={head} scope="col">
                  {head}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {preview.newest.flatMap(({ topic, name, fields }) =>
              fields.map(({ field, found, value, unit, quality }, i) => (
                <tr key={`${topic} ${field} ${i}`}>
                  {i > 0 ? null : (
                    <>
                      <th scope="rowgroup" rowSpan={fields.length} className="mono">
                        {topic}
                      </th>
                      <td rowSpan={fields.length}>{name ?? <span className="bad">{text.unread}</span>}</td>
                    </>
                  )}
                  <td>{field}</td>
                  <td className="mono">{found === null ? "–" : String(found)}</td>
                  <td>{shown(value, unit)}</td>
                  <td className={quality === "ok" ? "quiet" : "warm"}>{quality}</td>
                </tr>
              )),
            )}
          </tbody>
        </table>
      </ScrollX>
    )}
  </section>
);
