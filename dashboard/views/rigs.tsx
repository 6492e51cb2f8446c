import { Button, Checkbox, Popover } from "@mantine/core";
import { IconColumns3, IconDownload, IconPlugConnected } from "@tabler/icons-react";
import { useDeferredValue, useEffect, useMemo, useState, type ReactNode } from "react";
import { useLocation } from "wouter";
import { RIG_STATES, type RigState } from "../../server/twin/twin.ts";
import { asShown, count, iso } from "../format.ts";
import { useAddress } from "../parts/address.ts";
import { Empty, Loading } from "../parts/panel.tsx";
import { COLUMNS, csvOfRigs, NAME_COLUMN, ordered, SHOWN_AT_FIRST } from "../parts/rig-columns.ts";
import { RigTable } from "../parts/rig-table.tsx";
import { matches, natural } from "../parts/search.ts";
import { Age, toned } from "../parts/value.tsx";
import { saveFile } from "../parts/save-file.ts";
import { SearchField } from "../parts/search-field.tsx";
import { Selection } from "../parts/selection.tsx";
import { Views } from "../parts/views-menu.tsx";
import { useNow, useRoster, useSite, useTotals } from "../site.tsx";
import type { Farm } from "../state.ts";
import { pickText } from "../texts-pick.ts";
import { say } from "../texts.ts";

const text = say.rigs;
/** Rows change places no more often than this, and never under the hand. */
const RESORT_MS = 5_000;

const NONE: ReadonlySet<number> = new Set();

interface Wish {
  readonly wanted: string;
  /** Comma-separated, empty for all. */
  readonly states: string;
  readonly sortKey: string;
  readonly descending: boolean;
  readonly sortedTs: number;
}
const statesIn = (list: string): RigState[] =>
  list.split(",").filter((name): name is RigState => (RIG_STATES as readonly string[]).includes(name));
const orderOf = (roster: Farm["roster"], farm: Farm, { wanted, states, sortKey, descending, sortedTs }: Wish): number[] => {
  const asked = statesIn(states);
  const allowed = asked.length === 0 ? null : new Set(asked.map((name) => RIG_STATES.indexOf(name)));
  const kept = roster.flatMap((row) =>
    row !== undefined && matches(row, wanted) && (allowed === null || allowed.has(farm.state[row.index] ?? -1)) ? [row.index] : [],
  );
  return ordered(
    kept,
    COLUMNS.find(({ key }) => key === sortKey) ?? (COLUMNS[0] as (typeof COLUMNS)[number]),
    descending,
    farm,
    sortedTs,
    natural,
  );
};

const RigsView = (): ReactNode => {
  const { store } = useSite();
  const roster = useRoster();
  const { farm } = store;
  const totals = useTotals();
  const now = useNow();
  const [, go] = useLocation();
  const address = useAddress();
  const { put } = address;
  const [held, setHeld] = useState(false);
  const [selected, setSelected] = useState(NONE);
  const [sortedTs, setSortedTs] = useState(() => store.totals()?.asOfTs ?? 0);
  const query = address.get("q");
  const wanted = useDeferredValue(query.trim().toLowerCase());
  const stateKey = address.get("state");
  const states = statesIn(stateKey);
  const sortBy = address.get("sort") || "rig";
  const sortKey = sortBy.replace(/^-/, "");
  const descending = sortBy.startsWith("-");
  const asked = address.get("cols");
  const columns = useMemo(() => {
    const keys = asked.split(",").filter((key) => COLUMNS.some((column) => column.key === key));
    const shown = keys.length === 0 ? SHOWN_AT_FIRST : keys;
    return COLUMNS.filter(({ key }) => key === NAME_COLUMN || shown.includes(key));
  }, [asked]);
  const keys = columns.map(({ key }) => key);
  useEffect(() => {
    if (held) return;
    const timer = setInterval(() => setSortedTs(store.totals()?.asOfTs ?? 0), RESORT_MS);
    return () => clearInterval(timer);
  }, [held, store]);
  const order = useMemo(
    () => orderOf(roster, store.farm, { wanted, states: stateKey, sortKey, descending, sortedTs }),
    [roster, store, wanted, stateKey, sortKey, descending, sortedTs],
  );
  const onSort = (key: string): void => {
    const column = COLUMNS.find((each) => each.key === key);
    const first = column?.numeric === true || key === "alarm" ? `-${key}` : key;
    const other = first.startsWith("-") ? key : `-${key}`;
    put({ sort: sortBy === first ? other : first });
  };
  const allShown = selected.size > 0 && selected.size === order.length && order.every((index) => selected.has(index));
  const shown = useMemo(() => new Set(order), [order]);
  const hidden = [...selected].filter((index) => !shown.has(index)).length;
  const saveCsv = (name: string, rows: readonly number[]): void => {
    const stamp = iso(now ?? 0)
      .slice(0, 19)
      .replaceAll(":", "");
    saveFile(`${totals?.site ?? ""}-${name}-${stamp}.csv`, csvOfRigs(rows, columns, farm, now ?? 0));
  };
  const open = (index: number): void => {
    const rig = roster[index]?.rig;
    if (rig !== undefined) go(`/rigs/${encodeURIComponent(rig)}`);
  };
  const toggle = (state: RigState): void =>
    put({ state: (states.includes(state) ? states.filter((each) => each !== state) : [...states, state]).join(",") });
  if (totals === null)
    return (
      <div className="page">
        <h1 className="unseen">{text.title}</h1>
        <Loading height={520} />
      </div>
    );
  return (
    <div className="page rigs-page">
      <div className="page-head">
        <h1>{text.title}</h1>
        <span className="lead" role="status">
          {text.lead(count(order.length), count(totals.rigs))} · <Age ts={totals.asOfTs} from={say.overview.reported} />
        </span>
        <div className="tools">
          <SearchField label={text.find} value={query} onChange={(q) => put({ q })} />
          <Views />
          <Popover position="bottom-end" withArrow={false} shadow="none">
            <Popover.Target>
              <Button size="xs" variant="default" className="wide-only" leftSection={<IconColumns3 size={14} />}>
                {text.columns}
              </Button>
            </Popover.Target>
            <Popover.Dropdown>
              <fieldset className="choices">
                <legend className="unseen">{text.columns}</legend>
                {COLUMNS.map(({ key, label, unit }) => (
                  <Checkbox
                    key={key}
                    size="xs"
                    label={unit === "" ? label : `${label} (${asShown(unit).unit})`}
                    checked={keys.includes(key)}
                    disabled={key === NAME_COLUMN}
                    onChange={(event) =>
                      put({ cols: (event.currentTarget.checked ? [...keys, key] : keys.filter((each) => each !== key)).join(",") })
                    }
                  />
                ))}
                <Button size="compact-xs" variant="default" onClick={() => put({ cols: "" })}>
                  {text.columnsReset}
                </Button>
              </fieldset>
            </Popover.Dropdown>
          </Popover>
          <Button size="xs" variant="default" leftSection={<IconDownload size={14} />} onClick={() => saveCsv("rigs", order)}>
            {text.csv}
          </Button>
        </div>
      </div>
      <div className="row chips-row" role="group" aria-label={text.byState}>
        {RIG_STATES.filter((state) => totals.byState[state] > 0 || states.includes(state)).map((state) => (
          <button
            key={state}
            type="button"
            className="chip"
            aria-pressed={states.includes(state)}
            style={toned(`state-${state}`)}
            title={say.stateMeans[state]}
            onClick={() => toggle(state)}
          >
            <i className={state === "offline" || state === "new" ? "dot hollow" : "dot"} aria-hidden />
            {say.states[state]} <b>{count(totals.byState[state])}</b>
          </button>
        ))}
        {query === "" && states.length === 0 ? null : (
          <button type="button" className="text-button" onClick={() => put({ q: "", state: "" })}>
            {text.clear}
          </button>
        )}
        {order.length === 0 ? null : (
          <button type="button" className="text-button" onClick={() => setSelected(allShown ? NONE : new Set(order))}>
            {allShown ? pickText.none : pickText.all(order.length)}
          </button>
        )}
        <span className="grow" />
        <span className="faint hold-note wide-only" data-on={held}>
          {held ? text.held : text.moving}
        </span>
      </div>
      <Selection
        selected={selected}
        onClear={() => setSelected(NONE)}
        onCsv={() => saveCsv("selection", [...selected])}
        note={hidden === 0 ? null : <span className="warm">{pickText.outside(hidden)}</span>}
      />
      {totals.rigs === 0 ? (
        <div className="panel">
          <Empty icon={<IconPlugConnected size={28} />} title={say.overview.nothingYet}>
            {say.overview.nothingYetHow}
          </Empty>
        </div>
      ) : (
        <RigTable
          order={order}
          columns={columns}
          sort={{ key: sortKey, descending }}
          onSort={onSort}
          onOpen={open}
          onHeld={setHeld}
          selected={selected}
          onSelect={setSelected}
        />
      )}
    </div>
  );
};
export default RigsView;
