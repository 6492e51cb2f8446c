import { ActionIcon, Button, NativeSelect } from "@mantine/core";
import { IconBox, IconMinus, IconPlugConnected, IconPlus, IconScan } from "@tabler/icons-react";
import { lazy, memo, Suspense, useDeferredValue, useEffect, useMemo, useState, type ReactNode } from "react";
import { useLocation } from "wouter";
import { count, iso } from "../format.ts";
import "../look/picks.css";
import { useAddress } from "../parts/address.ts";
import { Floor } from "../parts/floor.tsx";
import type { Tool } from "../parts/floor-hand.ts";
import { FloorLegend } from "../parts/floor-legend.tsx";
import { blocksOf } from "../parts/floor-plan.ts";
import { Empty, Loading, Panel } from "../parts/panel.tsx";
import { RackLine, useRacks } from "../parts/rack-list.tsx";
import { COLUMNS, csvOfRigs } from "../parts/rig-columns.ts";
import { saveFile } from "../parts/save-file.ts";
import { isMapMode, MAP_MODES, type MapMode } from "../parts/scales.ts";
import { matches, natural } from "../parts/search.ts";
import { Segments } from "../parts/segments.tsx";
import { Selection } from "../parts/selection.tsx";
import { Age } from "../parts/value.tsx";
import { SearchField } from "../parts/search-field.tsx";
import { useRoster, useSite, useTotals } from "../site.tsx";
import { pickText } from "../texts-pick.ts";
import { say } from "../texts.ts";

const Positions = lazy(async () => ({ default: (await import("../parts/positions.tsx")).Positions }));
const Hall = lazy(async () => ({ default: (await import("../parts/hall.tsx")).Hall }));

const text = say.map;
const pick = pickText.map;
const ZOOMS = [0.5, 0.75, 1, 1.5, 2, 3] as const;
const OPTIONS = MAP_MODES.map((value) => ({ value, label: text.modes[value] }));
const TOOLS = (["point", "lasso"] as const).map((value) => ({ value, label: pick[value] }));
const RACKS_SHOWN = 8;
const NONE: ReadonlySet<number> = new Set();

const Zoom = ({ at, onZoom }: { readonly at: number; readonly onZoom: (at: number) => void }): ReactNode => (
  <div className="row tight" role="group" aria-label={text.zoom}>
    <ActionIcon variant="default" onClick={() => onZoom(Math.max(0, at - 1))} disabled={at === 0} aria-label={text.zoomOut}>
      <IconMinus size={14} />
    </ActionIcon>
    <span className="quiet num" style={{ inlineSize: 44, textAlign: "center" }}>
      {Math.round(100 * (ZOOMS[at] ?? 1))} %
    </span>
    <ActionIcon
      variant="default"
      onClick={() => onZoom(Math.min(ZOOMS.length - 1, at + 1))}
      disabled={at === ZOOMS.length - 1}
      aria-label={text.zoomIn}
    >
      <IconPlus size={14} />
    </ActionIcon>
  </div>
);

interface RackSelectProps {
  readonly racks: ReturnType<typeof useRacks>;
  readonly value: string;
  readonly onSelect: (name: string) => void;
}
/** Every rack by name. A large farm has a thousand: they are put in order when they change, whatever else is drawn meanwhile. */
const RackSelect = memo(
  ({ racks, value, onSelect }: RackSelectProps): ReactNode => (
    <NativeSelect
      size="xs"
      aria-label={pick.rack}
      value={value}
      data={[
        { value: "", label: pick.anyRack },
        ...racks
          .map(({ name }) => name)
          .toSorted(natural)
          .map((name) => ({ value: name, label: name })),
      ]}
      onChange={(event) => onSelect(event.currentTarget.value)}
    />
  ),
  (a, b) => a.racks === b.racks && a.value === b.value,
);

const MapView = (): ReactNode => {
  const { store } = useSite();
  const roster = useRoster();
  const totals = useTotals();
  const [, go] = useLocation();
  const address = useAddress();
  const { put } = address;
  const racks = useRacks();
  const [zoomAt, setZoomAt] = useState(ZOOMS.indexOf(1));
  const [tool, setTool] = useState<Tool>("point");
  const [positions, setPositions] = useState(false);
  const [drawn, setDrawn] = useState<ReadonlySet<number>>(NONE);
  const asked = address.get("by");
  const mode: MapMode = isMapMode(asked) ? asked : "hashratePct";
  const hall = address.get("view") === "3d";
  const query = address.get("q");
  const wanted = useDeferredValue(query.trim().toLowerCase());
  const blocks = useMemo(() => blocksOf(roster, say.unplaced), [roster]);
  const found = useMemo(
    () => (wanted === "" ? null : new Set(roster.flatMap((row) => (row !== undefined && matches(row, wanted) ? [row.index] : [])))),
    [wanted, roster],
  );
  // A rack that is selected stands in the address; what is drawn by hand does not.
  const rackAsked = address.get("rack");
  const rack = racks.find(({ name }) => name === rackAsked);
  const rackKey = rack?.rigs.join(",") ?? "";
  useEffect(() => {
    if (rackKey !== "") setDrawn(new Set(rackKey.split(",").map(Number)));
  }, [rackKey]);
  const select = (next: ReadonlySet<number>): void => {
    setDrawn(next);
    if (rackAsked !== "") put({ rack: "" });
  };
  const selectRack = (name: string): void => {
    if (name === "") setDrawn(NONE);
    put({ rack: name });
  };
  const open = (index: number): void => {
    const rig = roster[index]?.rig;
    if (rig !== undefined) go(`/rigs/${encodeURIComponent(rig)}`);
  };
  const [first] = found ?? [];
  return (
    <div className="page">
      <div className="page-head">
        <h1>{text.title}</h1>
        {totals === null ? null : (
          <span className="lead">
            {text.lead(count(totals.rigs), blocks.length)} · <Age ts={totals.asOfTs} />
          </span>
        )}
        <div className="tools">
          <SearchField
            label={text.find}
            value={query}
            onChange={(q) => put({ q })}
            onEnter={() => (first === undefined ? undefined : open(first))}
          />
          {found === null ? null : (
            <span className="quiet" role="status">
              {text.found(found.size)}
            </span>
          )}
          <Zoom at={zoomAt} onZoom={setZoomAt} />
          <Button
            size="xs"
            variant={hall ? "light" : "default"}
            aria-pressed={hall}
            leftSection={<IconBox size={14} />}
            onClick={() => put({ view: hall ? "" : "3d" })}
          >
            {pick.hall}
          </Button>
          <Button
            size="xs"
            variant="default"
            aria-expanded={positions}
            leftSection={<IconScan size={14} />}
            onClick={() => setPositions(!positions)}
          >
            {pick.positions}
          </Button>
        </div>
      </div>
      <div className="row map-tools">
        <div className="scroll-x">
          <Segments label={text.by} value={mode} options={OPTIONS} onChange={(value) => put({ by: value })} />
        </div>
        <Segments label={pick.tool} value={tool} options={TOOLS} onChange={setTool} />
        <RackSelect racks={racks} value={rack?.name ?? ""} onSelect={selectRack} />
      </div>
      {positions ? (
        <Suspense fallback={<Loading height={160} />}>
          <Positions onClose={() => setPositions(false)} />
        </Suspense>
      ) : null}
      <Selection
        selected={drawn}
        onClear={() => select(NONE)}
        onCsv={() => {
          const now = totals?.asOfTs ?? 0;
          saveFile(`${totals?.site ?? ""}-selection-${iso(now).slice(0, 10)}.csv`, csvOfRigs([...drawn], COLUMNS, store.farm, now));
        }}
      />
      {hall && totals !== null && totals.rigs > 0 ? (
        <Suspense fallback={<Loading height={420} />}>
          <Hall blocks={blocks} mode={mode} selected={drawn} onOpen={open} />
        </Suspense>
      ) : null}
      <section className="panel" aria-label={text.title}>
        <div className="panel-body">
          <FloorLegend mode={mode} />
          {totals === null ? (
            <Loading height={420} />
          ) : totals.rigs === 0 ? (
            <Empty icon={<IconPlugConnected size={28} />} title={say.overview.nothingYet}>
              {say.overview.nothingYetHow}
            </Empty>
          ) : (
            <Floor
              blocks={blocks}
              mode={mode}
              zoom={ZOOMS[zoomAt] ?? 1}
              found={found}
              onOpen={open}
              tool={tool}
              selected={drawn}
              onSelect={select}
            />
          )}
        </div>
        <footer className="panel-foot" id="floor-help">
          {tool === "lasso" ? pick.lassoHint : text.help}
        </footer>
      </section>
      {racks.length === 0 ? null : (
        <Panel
          title={pick.racks}
          note={pick.racksNote}
          flush
          {...(racks.length > RACKS_SHOWN ? { foot: pick.moreRacks(racks.length - RACKS_SHOWN) } : {})}
        >
          <ul className="rack-list">
            {racks.slice(0, RACKS_SHOWN).map((each) => (
              <li key={each.name}>
                <button
                  type="button"
                  aria-pressed={each.name === rack?.name}
                  onClick={() => selectRack(each.name === rack?.name ? "" : each.name)}
                >
                  <RackLine rack={each} />
                </button>
              </li>
            ))}
          </ul>
        </Panel>
      )}
    </div>
  );
};
export default MapView;
