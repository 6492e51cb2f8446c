import type { ReactNode } from "react";
import type { Usage } from "../../server/twin/usage/shapes.ts";
import { count, dayMinute, fixed, iso, lasting } from "../format.ts";
import { moneyText as text } from "../texts-money.ts";
import { Empty } from "./panel.tsx";
import { ScrollX } from "./scroll-x.tsx";

/** Stretches in which rigs were paused together, and what that saved. */
export const Curtailments = ({ curtailments, currency }: Pick<Usage, "curtailments" | "currency">): ReactNode =>
  curtailments.length === 0 ? (
    <Empty title={text.noCurtailments} />
  ) : (
    <ScrollX label={text.curtailments}>
      <table className="table">
        <thead>
          <tr>
            {text.curtailHeads.map((head, i) => (
              <th key={head} scope="col" className={i === 0 ? "" : "num"}>
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {curtailments.map((each) => (
            <tr key={each.fromTs}>
              <th scope="row">
                <time dateTime={iso(each.fromTs)} title={iso(each.fromTs)}>
                  {dayMinute(each.fromTs)}
                </time>
              </th>
              <td className="num">{lasting(each.toTs - each.fromTs)}</td>
              <td className="num">{count(each.rigs)}</td>
              <td className="num">{fixed(each.avoidedKwh, 1)} kWh</td>
              <td className="num">
                {fixed(each.saved, 2)} {currency}
              </td>
              <td className="num">{fixed(each.savedKgco2e, 1)}</td>
              <td className="num">{fixed(each.forgoneThH, 0)} TH·h</td>
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollX>
  );
