import { ActionIcon } from "@mantine/core";
import { IconMinus, IconPlugConnected, IconPlus } from "@tabler/icons-react";
import { useDeferredValue, useMemo, useState, type ReactNode } from "react";
import { useLocation } from "wouter";
import { count } from "../format.ts";
import { useAddress } from "../parts/address.ts";
import { Floor } from "../parts/floor.tsx";
import { FloorLegend } from "../parts/floor-legend.tsx";
import { blocksOf } from "../parts/floor-plan.ts";
import { Empty, Loading } from "../parts/panel.tsx";
import { isMapMode, MAP_MODES, type MapMode } from "../parts/scales.ts";
import { matches } from "../parts/search.ts";
import { Segments } from "../parts/segments.tsx";
import { Age } from "../parts/value.tsx";
import { SearchField } from "../parts/search-field.tsx";
import { useRoster, useTotals } from "../site.tsx";
import { say } from "../texts.ts";

const text = say.map;
const ZOOMS = [0.5, 0.75, 1, 1.5, 2, 3] as const;
const OPTIONS = MAP_MODES.map((value) => ({ value, label: text.modes[value] }));

const MapView = (): ReactNode => {
  const roster = useRoster();
  const totals = useTotals();
  const [, go] = useLocation();
  const address = useAddress();
  const { put } = address;
  const [zoomAt, setZoomAt] = useState(ZOOMS.indexOf(1));
  const asked = address.get("by");
  const mode: MapMode = isMapMode(asked) ? asked : "hashratePct";
  const query = address.get("q");
  const wanted = useDeferredValue(query.trim().toLowerCase());
  const blocks = useMemo(() => blocksOf(roster, say.unplaced), [roster]);
  const found = useMemo(
    () => (wanted === "" ? null : new Set(roster.flatMap((row) => (row !== undefined && matches(row, wanted) ? [row.index] : [])))),
    [wanted, roster],
  );
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
          <div className="row tight" role="group" aria-label={text.zoom}>
            <ActionIcon
              variant="default"
              onClick={() => setZoomAt(Math.max(0, zoomAt - 1))}
              disabled={zoomAt === 0}
              aria-label={text.zoomOut}
            >
              <IconMinus size={14} />
            </ActionIcon>
            <span className="quiet num" style={{ inlineSize: 44, textAlign: "center" }}>
              {Math.round(100 * (ZOOMS[zoomAt] ?? 1))} %
            </span>
            <ActionIcon
              variant="default"
              onClick={() => setZoomAt(Math.min(ZOOMS.length - 1, zoomAt + 1))}
              disabled={zoomAt === ZOOMS.length - 1}
              aria-label={text.zoomIn}
            >
              <IconPlus size={14} />
            </ActionIcon>
          </div>
        </div>
      </div>
      <div className="scroll-x">
        <Segments label={text.by} value={mode} options={OPTIONS} onChange={(value) => put({ by: value })} />
      </div>
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
            <Floor blocks={blocks} mode={mode} zoom={ZOOMS[zoomAt] ?? 1} found={found} onOpen={open} />
          )}
        </div>
        <footer className="panel-foot" id="floor-help">
          {text.help}
        </footer>
      </section>
    </div>
  );
};
export default MapView;
