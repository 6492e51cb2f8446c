import { ActionIcon, AppShell, Button, Menu } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import {
  IconBell,
  IconBolt,
  IconCoins,
  IconDots,
  IconGridDots,
  IconHeartbeat,
  IconHistory,
  IconKey,
  IconLayoutDashboard,
  IconNotes,
  IconSearch,
  IconServer2,
  IconTool,
  IconApi,
} from "@tabler/icons-react";
import { lazy, Suspense, useEffect, useRef, useState, type ReactNode } from "react";
import { Link, useLocation } from "wouter";
import { ROUTES } from "../../server/twin/wire.ts";
import { dayTime, iso, time, zone } from "../format.ts";
import { useConnection, useNow, useSite, useTotals, useViewClock } from "../site.tsx";
import { say } from "../texts.ts";
import { Banners } from "./banners.tsx";
import { Boundary } from "./boundary.tsx";
import { useHerald } from "./herald.tsx";
import { MentionCount } from "./mention-count.tsx";
import { Mark } from "./mark.tsx";
import { ReplayBar } from "./replay-bar.tsx";
import { CopyLink, CopyLinkItem, PeopleHere } from "./team-head.tsx";
import { toned } from "./value.tsx";
import { SchemeToggle } from "./scheme-toggle.tsx";

const Palette = lazy(() => import("./palette.tsx"));
const ReplayWindow = lazy(() => import("./replay-window.tsx"));

const PAGES = [
  { to: "/", label: say.nav.overview, icon: IconLayoutDashboard },
  { to: "/map", label: say.nav.map, icon: IconGridDots },
  { to: "/rigs", label: say.nav.rigs, icon: IconServer2 },
  { to: "/alarms", label: say.nav.alarms, icon: IconBell },
  { to: "/maintenance", label: say.nav.maintenance, icon: IconTool },
  { to: "/energy", label: say.nav.energy, icon: IconBolt },
  { to: "/economics", label: say.nav.economics, icon: IconCoins },
  { to: "/shift", label: say.nav.shift, icon: IconNotes },
  { to: "/status", label: say.nav.status, icon: IconHeartbeat },
  { to: "/access", label: say.nav.access, icon: IconKey },
] as const;

const isAt = (location: string, to: string): boolean => (to === "/" ? location === "/" : location === to || location.startsWith(`${to}/`));

const AlarmCount = (): ReactNode => {
  const totals = useTotals();
  if (totals === null) return null;
  const { critical, major, minor, info } = totals.activeAlarms;
  const all = critical + major + minor + info;
  if (all === 0) return null;
  return (
    <span
      className="nav-count"
      style={toned(critical > 0 ? "sev-critical" : major > 0 ? "sev-major" : "sev-minor")}
      aria-label={say.head.activeAlarms(all)}
    >
      {all}
    </span>
  );
};

/** live, stale, offline or replay, always in words and with the view's clock. */
const LinkState = (): ReactNode => {
  const connection = useConnection();
  const replay = useViewClock()?.view === "replay" && connection === "live";
  return (
    <span className="link-state" data-state={replay ? "replay" : connection} role="status">
      <i className="dot round" aria-hidden />
      {replay ? say.nav.replay : say.connections[connection]}
    </span>
  );
};
const Clock = (): ReactNode => {
  const now = useNow();
  const replay = useViewClock()?.view === "replay";
  if (now === null) return null;
  return (
    <span className="shell-clock" title={iso(now)}>
      {replay ? dayTime(now) : time(now)} <span>{zone(now)}</span>
    </span>
  );
};

/** The title of a tab in the background still says whether something burns. */
const useTitle = (location: string): void => {
  const totals = useTotals();
  const burning = totals === null ? 0 : totals.activeAlarms.critical + totals.activeAlarms.major;
  const page = PAGES.find(({ to }) => isAt(location, to))?.label;
  useEffect(() => {
    document.title = [burning > 0 ? `(${burning})` : "", page, totals?.site, say.product].filter(Boolean).join(" · ");
  }, [burning, page, totals?.site]);
};

/** Keeps focus and reading position sensible when the page changes. */
const usePageFocus = (location: string): void => {
  const before = useRef(location);
  useEffect(() => {
    if (before.current === location) return;
    before.current = location;
    window.scrollTo(0, 0);
    document.getElementById("main")?.focus({ preventScroll: true });
  }, [location]);
};

export const Shell = ({ children }: { readonly children: ReactNode }): ReactNode => {
  const [location, go] = useLocation();
  const [palette, setPalette] = useState(0);
  const [choosing, setChoosing] = useState(false);
  const narrow = useMediaQuery("(max-width: 47.99em)", false, { getInitialValueInEffect: false });
  const replay = useViewClock()?.view === "replay";
  const site = useTotals()?.site;
  useTitle(location);
  usePageFocus(location);
  const { here } = useSite();
  useEffect(() => here(location), [here, location]);
  useHerald(go);
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "k") return;
      event.preventDefault();
      setPalette((before) => before + 1);
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
  const openPalette = (): void => setPalette((before) => before + 1);
  const openReplay = (): void => setChoosing(true);
  const footHeight = (replay ? (narrow ? 112 : 72) : 0) + (narrow ? 54 : 0);
  return (
    <AppShell
      header={{ height: 52 }}
      navbar={{ width: 196, breakpoint: "sm", collapsed: { mobile: true } }}
      footer={{ height: Math.max(footHeight, 1), collapsed: footHeight === 0 }}
      padding={0}
      transitionDuration={0}
    >
      <a className="skip" href="#main">
        {say.skip}
      </a>
      <AppShell.Header className="shell-head" withBorder={false}>
        <Link to="/" className="brand">
          <Mark />
          {say.product}
          {site === undefined ? null : <small>{site}</small>}
        </Link>
        <span className="grow" />
        <CopyLink />
        <PeopleHere />
        <Clock />
        <LinkState />
        {narrow ? (
          <ActionIcon variant="subtle" color="gray" c="inherit" size="lg" onClick={openPalette} aria-label={say.head.search}>
            <IconSearch size={18} />
          </ActionIcon>
        ) : (
          <Button
            variant="default"
            size="xs"
            leftSection={<IconSearch size={14} />}
            rightSection={<kbd className="faint">{say.head.searchKey}</kbd>}
            onClick={openPalette}
          >
            {say.head.search}
          </Button>
        )}
        <SchemeToggle />
      </AppShell.Header>
      {narrow ? null : (
        <AppShell.Navbar className="shell-nav" withBorder={false} component="nav" aria-label={say.nav.label}>
          {PAGES.map(({ to, label, icon: Icon }) => (
            <Link key={to} to={to} className="nav-link" aria-current={isAt(location, to) ? "page" : undefined}>
              <Icon size={18} stroke={1.6} aria-hidden />
              {label}
              {to === "/alarms" ? <AlarmCount /> : to === "/shift" ? <MentionCount /> : null}
            </Link>
          ))}
          <button type="button" className="nav-link" onClick={openReplay}>
            <IconHistory size={18} stroke={1.6} aria-hidden />
            {say.nav.replay}
          </button>
          <div className="nav-foot">
            <a className="nav-link" href={ROUTES.reference}>
              <IconApi size={18} stroke={1.6} aria-hidden />
              {say.nav.api}
            </a>
          </div>
        </AppShell.Navbar>
      )}
      <AppShell.Main id="main" tabIndex={-1}>
        <Banners />
        <Boundary page={location}>{children}</Boundary>
      </AppShell.Main>
      {footHeight === 0 ? null : (
        <AppShell.Footer className="shell-foot" withBorder={false}>
          {replay ? <ReplayBar onChange={openReplay} /> : null}
          {narrow ? (
            <nav className="tabs" aria-label={say.nav.label}>
              {PAGES.slice(0, 4).map(({ to, label, icon: Icon }) => (
                <Link key={to} to={to} className="tab" aria-current={isAt(location, to) ? "page" : undefined}>
                  <Icon size={20} stroke={1.6} aria-hidden />
                  {label}
                  {to === "/alarms" ? <AlarmCount /> : null}
                </Link>
              ))}
              <Menu position="top-end" width={200}>
                <Menu.Target>
                  <button type="button" className="tab">
                    <IconDots size={20} stroke={1.6} aria-hidden />
                    {say.nav.more}
                  </button>
                </Menu.Target>
                <Menu.Dropdown>
                  {PAGES.slice(4).map(({ to, label, icon: Icon }) => (
                    <Menu.Item key={to} leftSection={<Icon size={16} />} onClick={() => go(to)}>
                      {label}
                    </Menu.Item>
                  ))}
                  <Menu.Item leftSection={<IconHistory size={16} />} onClick={openReplay}>
                    {say.nav.replay}
                  </Menu.Item>
                  <CopyLinkItem />
                  <Menu.Item leftSection={<IconApi size={16} />} component="a" href={ROUTES.reference}>
                    {say.nav.api}
                  </Menu.Item>
                </Menu.Dropdown>
              </Menu>
            </nav>
          ) : null}
        </AppShell.Footer>
      )}
      {replay ? <div className="replay-edge" aria-hidden /> : null}
      <Suspense fallback={null}>
        {palette > 0 ? <Palette opened={palette} pages={PAGES} onReplay={openReplay} /> : null}
        {choosing ? <ReplayWindow onClose={() => setChoosing(false)} /> : null}
      </Suspense>
    </AppShell>
  );
};
