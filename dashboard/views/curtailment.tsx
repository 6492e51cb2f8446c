import { Button } from "@mantine/core";
import { IconBolt } from "@tabler/icons-react";
import { useState, type ReactNode } from "react";
import { Link } from "wouter";
import type { Curtailment, CurtailEvent } from "../../server/twin/curtail/shapes.ts";
import { ROUTES } from "../../server/twin/wire.ts";
import { count, dayMinute, energyKwh, fixed, iso, lasting, power, together } from "../format.ts";
import { useBadge } from "../parts/badge.ts";
import { CurtailSettingsForm } from "../parts/curtail-settings.tsx";
import { CurtailTarget } from "../parts/curtail-target.tsx";
import { EnergyPages } from "../parts/energy-pages.tsx";
import { Answered, Empty, Panel } from "../parts/panel.tsx";
import { ScrollX } from "../parts/scroll-x.tsx";
import { FigureTile } from "../parts/figure-tile.tsx";
import { failureOf, useAnswer, useNow, useSite, useTotals, useViewClock } from "../site.tsx";
import { curtailText as text } from "../texts-curtail.ts";
import { say } from "../texts.ts";

const STATES = ["ordered", "paused", "waking", "refused", "missing"] as const;
const SHOWN = 100;

const wishOf = ({ wishes }: CurtailEvent): string =>
  wishes.map(({ source, by, why }) => text.wished(text.sources[source], by, why)).join(" · ");

const Figures = ({ event }: { readonly event: CurtailEvent }): ReactNode => {
  const drawn = power(event.drawnW);
  const kwh = energyKwh(event.savedKwh);
  return (
    <div className="board curtail-figures">
      <FigureTile
        name={text.drawn}
        shown={drawn}
        side={`${text.before} ${together(power(event.baselineW))}, ${text.limit} ${event.limitW === null ? text.named : together(power(event.limitW))}`}
      />
      <FigureTile name={text.saved} shown={kwh} side={text.byRigs(event.pausedRigs)} />
      <FigureTile
        name={text.money}
        shown={{ text: fixed(event.saved, 2), unit: event.currency ?? "" }}
        side={event.saved === null ? text.noPrice : ""}
      />
      <FigureTile
        name={text.carbon}
        shown={{ text: fixed(event.savedKgco2e, 1), unit: "kgCO2e" }}
        side={event.savedKgco2e === null ? text.noCarbon : ""}
      />
      <FigureTile name={text.forgone} shown={{ text: fixed(event.forgoneThH, 0), unit: "TH·h" }} side="" />
    </div>
  );
};

const Active = ({
  event,
  now,
  onEnd,
}: {
  readonly event: CurtailEvent;
  readonly now: number;
  readonly onEnd: (() => void) | null;
}): ReactNode => {
  const odd = event.members.filter(({ state }) => state === "refused" || state === "missing");
  const until = event.wishes.find(({ untilTs }) => untilTs !== null)?.untilTs ?? null;
  return (
    <>
      <Panel
        title={`${text.phases[event.phase]}, ${text.since} ${dayMinute(event.fromTs)} · ${lasting(Math.max(0, now - event.fromTs))}`}
        note={`${wishOf(event)}${until === null ? "" : ` · ${text.untilTs(dayMinute(until))}`}`}
        tools={
          onEnd !== null && event.wishes.some(({ source }) => source === "operator") && event.endTs === null ? (
            <Button size="compact-sm" variant="default" onClick={onEnd}>
              {text.end}
            </Button>
          ) : undefined
        }
      >
        <Figures event={event} />
        <p role="status" style={{ marginBlockStart: 10 }}>
          {STATES.filter((state) => (event.counts[state] ?? 0) > 0)
            .map((state) => `${count(event.counts[state])} ${text.states[state]}`)
            .join(" · ")}
          {event.phase === "held" && event.limitW !== null && event.limitW > 0 && event.drawnW > event.limitW ? (
            <b className="bad"> · {text.above}</b>
          ) : null}
        </p>
      </Panel>
      {odd.length === 0 ? null : (
        <Panel title={text.watch} note={text.watchNote} flush>
          <ul className="incidents">
            {odd.slice(0, SHOWN).map(({ rig, state, detail }) => (
              <li key={rig} className="rule-row">
                <Link className="plain-link" to={`/rigs/${encodeURIComponent(rig)}`}>
                  <b>{rig}</b>
                </Link>{" "}
                {text.states[state]}. <span className="quiet">{detail}</span>{" "}
                <Link to={`/alarms?q=${encodeURIComponent(rig)}`}>{say.nav.alarms}</Link>
              </li>
            ))}
          </ul>
        </Panel>
      )}
    </>
  );
};

const Past = ({ past }: { readonly past: readonly CurtailEvent[] }): ReactNode =>
  past.length === 0 ? (
    <Empty title={text.noPast} />
  ) : (
    <ScrollX label={text.past}>
      <table className="table">
        <thead>
          <tr>
            {text.heads.map((head, i) => (
              <th key={head} scope="col" className={i < 3 ? "" : "num"}>
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {past.map((event) => (
            <tr key={event.id}>
              <th scope="row">
                <time dateTime={iso(event.fromTs)} title={iso(event.fromTs)}>
                  {dayMinute(event.fromTs)}
                </time>
              </th>
              <td>{lasting((event.endTs ?? event.fromTs) - event.fromTs)}</td>
              <td>{wishOf(event)}</td>
              <td className="num">{text.rigsOf(event.pausedRigs, (event.counts.refused ?? 0) + (event.counts.missing ?? 0))}</td>
              <td className="num">{together(energyKwh(event.savedKwh))}</td>
              <td className="num">
                {fixed(event.saved, 2)} {event.currency}
              </td>
              <td className="num">{fixed(event.savedKgco2e, 1)}</td>
              <td className="num">{fixed(event.forgoneThH, 0)} TH·h</td>
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollX>
  );

const CurtailmentView = (): ReactNode => {
  const { ask } = useSite();
  const now = useNow();
  const totals = useTotals();
  const live = useViewClock()?.view !== "replay";
  const [badge] = useBadge();
  const [setting, setSetting] = useState(false);
  const [trouble, setTrouble] = useState<string | null>(null);
  const told = useAnswer<Curtailment>({ route: ROUTES.curtailment }, 2_000);
  const end = async (): Promise<void> => {
    try {
      await ask.post({ route: ROUTES.curtailment }, { what: "end", by: badge.trim() === "" ? "dashboard" : badge.trim() });
      setTrouble(null);
    } catch (error) {
      setTrouble(failureOf(error).message);
    }
    told.refresh();
  };
  return (
    <div className="page">
      <EnergyPages />
      <div className="page-head">
        <h1>{text.title}</h1>
        <span className="lead">{text.lead}</span>
        <div className="tools">
          {live ? (
            <Button size="xs" variant={setting ? "default" : "filled"} onClick={() => setSetting(!setting)}>
              {setting ? say.cancel : (told.data?.active ?? null) === null ? text.set : text.change}
            </Button>
          ) : null}
        </div>
      </div>
      {trouble === null ? null : (
        <p className="bad" role="alert">
          {trouble}
        </p>
      )}
      {setting && now !== null ? (
        <Panel title={text.set} flush>
          <CurtailTarget
            now={now}
            onDone={() => {
              setSetting(false);
              told.refresh();
            }}
          />
        </Panel>
      ) : null}
      <Answered answer={told} height={420}>
        {(data) => (
          <>
            {data.active === null ? (
              <Panel title={text.now}>
                <Empty icon={<IconBolt size={26} />} title={text.none}>
                  {totals === null ? null : text.noneMore(together(power(totals.reportedW)))}
                </Empty>
              </Panel>
            ) : (
              <Active event={data.active} now={now ?? 0} onEnd={live ? () => void end() : null} />
            )}
            <Panel title={text.past} note={text.pastNote} flush>
              <Past past={data.past} />
            </Panel>
            {live ? (
              <Panel title={text.automatic} note={text.automaticNote}>
                <CurtailSettingsForm told={data} onDone={told.refresh} />
              </Panel>
            ) : null}
          </>
        )}
      </Answered>
    </div>
  );
};
export default CurtailmentView;
