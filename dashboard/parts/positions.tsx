import { Button, TextInput } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useState, type ReactNode } from "react";
import { positionsCsv, readPositions, type PositionsRead } from "../../server/twin/positions.ts";
import { ROUTES } from "../../server/twin/wire.ts";
import "../look/picks.css";
import { failureOf, useRoster, useSite, useTotals, useViewClock } from "../site.tsx";
import { pickText } from "../texts-pick.ts";
import { workText } from "../texts-work.ts";
import { say } from "../texts.ts";
import { Assign } from "./assign.tsx";
import { useBadge } from "./badge.ts";
import { Panel } from "./panel.tsx";
import { SaidLine, type Said } from "./said.tsx";
import { saveFile } from "./save-file.ts";
import { ScrollX } from "./scroll-x.tsx";

const text = pickText.positions;
const SHOWN = 12;

const Preview = ({ read }: { readonly read: PositionsRead }): ReactNode => {
  const { store } = useSite();
  const now = (rig: string): string => {
    const position = store.farm.roster[store.farm.byName.get(rig) ?? -1]?.position ?? null;
    return position === null ? say.unplaced : say.place(position);
  };
  if (read.faults.length > 0)
    return (
      <div role="alert">
        <p className="bad">{text.faults(read.faults.length)}</p>
        <ul className="order-lines">
          {read.faults.slice(0, SHOWN).map(({ line, says }) => (
            <li key={line}>{text.line(line, says)}</li>
          ))}
        </ul>
        {read.faults.length > SHOWN ? <p className="quiet">{text.more(read.faults.length - SHOWN)}</p> : null}
      </div>
    );
  return (
    <div role="status">
      <p>{text.changes(read.changes.length, read.same)}</p>
      {read.changes.length === 0 ? null : (
        <ScrollX label={text.import}>
          <table className="table">
            <thead>
              <tr>
                <th scope="col">{say.columns.rig}</th>
                <th scope="col">{text.from}</th>
                <th scope="col">{text.to}</th>
              </tr>
            </thead>
            <tbody>
              {read.changes.slice(0, SHOWN).map(({ rig, position }) => (
                <tr key={rig}>
                  <th scope="row">{rig}</th>
                  <td>{now(rig)}</td>
                  <td>{position === null ? say.unplaced : say.place(position)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </ScrollX>
      )}
      {read.changes.length > SHOWN ? <p className="quiet">{text.more(read.changes.length - SHOWN)}</p> : null}
    </div>
  );
};

const Import = ({ by }: { readonly by: string }): ReactNode => {
  const { ask } = useSite();
  const roster = useRoster();
  const [content, setContent] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const [said, setSaid] = useState<Said | null>(null);
  const read =
    content === null
      ? null
      : readPositions(
          content,
          roster.filter((row) => row !== undefined),
        );
  const apply = async (): Promise<void> => {
    if (content === null) return;
    if (by === "") return setSaid({ ok: false, text: text.who });
    setBusy(true);
    setSaid(null);
    try {
      const { changed } = await ask.send<{ changed: number }>(
        { route: ROUTES.positions, query: { by } },
        new Blob([content], { type: "text/csv" }),
      );
      setSaid({ ok: true, text: text.applied(changed) });
      setContent(null);
    } catch (error) {
      setSaid({ ok: false, text: failureOf(error).message });
    }
    setBusy(false);
  };
  return (
    <div className="stack">
      <div className="row form-line">
        <label className="file-field">
          <span>{text.file}</span>
          <input
            type="file"
            accept=".csv,text/csv,text/plain"
            title={text.fileMeans}
            onChange={(event) => {
              setSaid(null);
              const [file] = event.currentTarget.files ?? [];
              // The same file, mended, may be chosen again.
              event.currentTarget.value = "";
              void file?.text().then(setContent);
            }}
          />
        </label>
        {read === null || read.faults.length > 0 || read.changes.length === 0 ? null : (
          <Button size="xs" loading={busy} onClick={() => void apply()}>
            {text.apply(read.changes.length)}
          </Button>
        )}
        <span className="quiet">{text.fileMeans}</span>
      </div>
      {read === null ? null : <Preview read={read} />}
      <SaidLine said={said} />
    </div>
  );
};

/** Says where rigs stand: one by one by scan, or all of them by a table. */
export const Positions = ({ onClose }: { readonly onClose: () => void }): ReactNode => {
  const roster = useRoster();
  const site = useTotals()?.site ?? "";
  const live = useViewClock()?.view !== "replay";
  const [badge, setBadge] = useBadge();
  return (
    <Panel
      title={text.title}
      tools={
        <>
          {live ? (
            <TextInput
              size="xs"
              aria-label={workText.form.by}
              placeholder={workText.form.by}
              title={workText.form.pseudonym}
              value={badge}
              maxLength={64}
              onChange={(event) => setBadge(event.currentTarget.value)}
            />
          ) : null}
          <Button
            size="compact-sm"
            variant="default"
            leftSection={<IconDownload size={14} />}
            onClick={() => saveFile(`${site}-positions.csv`, positionsCsv(roster.filter((row) => row !== undefined)))}
          >
            {text.export}
          </Button>
          <Button size="compact-sm" variant="default" onClick={onClose}>
            {say.close}
          </Button>
        </>
      }
    >
      {live ? (
        <div className="stack">
          <h3>{text.assign}</h3>
          <Assign by={badge.trim()} />
          <h3>{text.import}</h3>
          <Import by={badge.trim()} />
        </div>
      ) : (
        <p className="quiet">{say.banner.liveOnly}</p>
      )}
    </Panel>
  );
};
