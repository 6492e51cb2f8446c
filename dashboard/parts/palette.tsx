import { Spotlight, spotlight } from "@mantine/spotlight";
import "@mantine/spotlight/styles.css";
import { IconHistory, IconSearch, IconServer2 } from "@tabler/icons-react";
import { useDeferredValue, useEffect, useMemo, useState, type ComponentType, type ReactNode } from "react";
import { useLocation } from "wouter";
import { useRoster } from "../site.tsx";
import { say } from "../texts.ts";
import { matches } from "./search.ts";

interface PaletteProps {
  /** Goes up with each wish to open. */
  readonly opened: number;
  readonly pages: readonly { readonly to: string; readonly label: string; readonly icon: ComponentType<{ size?: number | string }> }[];
  readonly onReplay: () => void;
}
const RIGS_SHOWN = 8;

/** Jumps to a page or a rig by a few letters of its name, serial, address or place. */
const Palette = ({ opened, pages, onReplay }: PaletteProps): ReactNode => {
  const [, go] = useLocation();
  const [query, setQuery] = useState("");
  const wanted = useDeferredValue(query.trim().toLowerCase());
  const roster = useRoster();
  useEffect(() => spotlight.open(), [opened]);
  const rigs = useMemo(
    () => (wanted === "" ? [] : roster.filter((row) => row !== undefined && matches(row, wanted)).slice(0, RIGS_SHOWN)),
    [wanted, roster],
  );
  const found = pages.filter(({ label }) => label.toLowerCase().includes(wanted));
  const replay = say.nav.replay.toLowerCase().includes(wanted);
  return (
    <Spotlight.Root
      attributes={{ content: { "aria-label": say.palette.placeholder } }}
      query={query}
      onQueryChange={setQuery}
      shortcut={null}
      clearQueryOnClose
      scrollable
      maxHeight={440}
    >
      <Spotlight.Search placeholder={say.palette.placeholder} aria-label={say.palette.placeholder} leftSection={<IconSearch size={18} />} />
      <Spotlight.ActionsList>
        {found.map(({ to, label, icon: Icon }) => (
          <Spotlight.Action key={to} label={label} leftSection={<Icon size={18} />} onClick={() => go(to)} />
        ))}
        {replay ? (
          <Spotlight.Action
            label={say.nav.replay}
            description={say.replay.title}
            leftSection={<IconHistory size={18} />}
            onClick={onReplay}
          />
        ) : null}
        {rigs.map((row) =>
          row === undefined ? null : (
            <Spotlight.Action
              key={row.rig}
              label={row.rig}
              description={[row.model, row.serial, row.position === null ? null : say.place(row.position)].filter(Boolean).join(" · ")}
              leftSection={<IconServer2 size={18} />}
              onClick={() => go(`/rigs/${encodeURIComponent(row.rig)}`)}
            />
          ),
        )}
        {found.length + rigs.length === 0 && !replay ? <Spotlight.Empty>{say.palette.nothing}</Spotlight.Empty> : null}
      </Spotlight.ActionsList>
    </Spotlight.Root>
  );
};
export default Palette;
