/** Joins the link, the store and the screen. */
import { createRoot } from "react-dom/client";
import { App } from "./app.tsx";
import { nowOf } from "./clock.ts";
import { setDegrees, setZone } from "./format.ts";
import { addressOf, openAsk, openFeed, type FeedEars, type Watch } from "./link.ts";
import type { ShownIn } from "../server/twin/delta.ts";
import type { Site } from "./site.tsx";
import { makeStore } from "./state.ts";
import "@mantine/core/styles/baseline.css";
import "@mantine/core/styles/default-css-variables.css";
import "@mantine/core/styles/global.css";
import "@mantine/core/styles/UnstyledButton.css";
import "@mantine/core/styles/Button.css";
import "@mantine/core/styles/CloseButton.css";
import "@mantine/core/styles/ActionIcon.css";
import "@mantine/core/styles/AppShell.css";
import "@mantine/core/styles/Input.css";
import "@mantine/core/styles/PasswordInput.css";
import "@mantine/core/styles/Popover.css";
import "@mantine/core/styles/Menu.css";
import "@mantine/core/styles/Loader.css";
import "@mantine/core/styles/Paper.css";
import "@mantine/core/styles/ModalBase.css";
import "@mantine/core/styles/Modal.css";
import "@mantine/core/styles/Overlay.css";
import "@mantine/core/styles/ScrollArea.css";
import "@mantine/core/styles/InlineInput.css";
import "@mantine/core/styles/Checkbox.css";
import "@mantine/core/styles/Notification.css";
import "@mantine/notifications/styles.css";
import "./look/tokens.css";
import "./look/base.css";
import "./look/shell.css";
import "./look/parts.css";
import "./look/views.css";

/** Nothing for so long, though frames come twice a second, means the feed stands still. */
const STALE_MS = 10_000;
/** A page that is not painted still acknowledges, so that alarms reach a tab in the background. */
const UNPAINTED_MS = 1_000;

const store = makeStore();
const ask = openAsk(
  () => store.setConnection("locked"),
  () => store.clock()?.clock.room ?? null,
);
/** The feed is for the farm's own people: who reads a twin's public page is not let in and need not knock. */
const hasFeed = !location.pathname.startsWith("/twin/");
const showIn = ({ zone, degrees }: ShownIn): void => {
  setZone(zone ?? null);
  setDegrees(degrees ?? "C");
};
const ears: FeedEars = {
  gist: (gist) => {
    showIn(gist);
    store.applyGist(gist, performance.now());
  },
  snapshot: (meta, rows) => {
    showIn(meta);
    store.applySnapshot(meta, rows, performance.now());
    if (goal === null || meta.clock.view !== "replay") return;
    feed?.control(goal);
    goal = null;
  },
  frame: (meta, rows) => store.applyFrame(meta, rows, performance.now()),
  connected: (yes) => {
    const before = store.connection();
    const running = store.clock();
    // A line that broke brings its replay back to where it was.
    if (!yes && running?.clock.view === "replay" && goal === null)
      goal = { at: Math.round(nowOf(running, performance.now())), playing: running.clock.playing };
    if (!yes && before !== "locked" && before !== "outside") store.setConnection("offline");
  },
  refused: (problem) => store.setRefused(problem),
  people: store.setPeople,
  outside: () => store.setConnection("outside"),
  drawn: (tell) => {
    let told = false;
    const once = (): void => {
      if (told) return;
      told = true;
      tell();
    };
    if (document.hidden) once();
    else requestAnimationFrame(once);
    setTimeout(once, UNPAINTED_MS);
  },
};
/** Where in a replay to go once it is there. */
let goal: { readonly at: number; readonly playing: boolean } | null = null;
/** `?replay=FROM-TO&speed=N&at=TS` (ms UTC): an address that shows the past, standing still at `at`, to be handed on. */
const WINDOW = /^(\d{1,15})-(\d{1,15})$/;
const askedFor = (): Watch => {
  const query = new URLSearchParams(location.search);
  const [, from, to] = WINDOW.exec(query.get("replay") ?? "") ?? [];
  const speed = Number(query.get("speed") ?? 1);
  return from === undefined || to === undefined || !(speed > 0)
    ? { view: "live" }
    : { view: "replay", from: Number(from), to: Number(to), speed };
};
/** Going live, or elsewhere in time, leaves the address's window behind. */
const forgetWindow = (): void => {
  const url = new URL(location.href);
  if (!url.searchParams.has("replay")) return;
  url.searchParams.delete("replay");
  url.searchParams.delete("speed");
  url.searchParams.delete("at");
  history.replaceState(history.state, "", url);
};
const momentIn = (search: string): number | null => {
  const at = new URLSearchParams(search).get("at") ?? "";
  return /^\d{1,15}$/.test(at) ? Number(at) : null;
};
const moment = momentIn(location.search);
if (moment !== null) goal = { at: moment, playing: false };
const feed = hasFeed ? openFeed(ask, ears, askedFor()) : null;
setInterval(() => {
  const last = store.lastFrameAtMs();
  const clock = store.clock()?.clock;
  if (store.connection() !== "live" || last === null || clock?.playing === false) return;
  if (performance.now() - last > STALE_MS) store.setConnection("stale");
}, 1_000);

const site: Site = {
  store,
  ask,
  addressOf,
  watchLive: () => {
    forgetWindow();
    goal = null;
    feed?.watch({ view: "live" });
  },
  here: (page) => feed?.here(page),
  watchReplay: (from, to, speed, at) => {
    forgetWindow();
    goal = at === undefined ? null : { at, playing: false };
    feed?.watch({ view: "replay", from, to, speed });
  },
  control: (control) => feed?.control(control),
  again: () => {
    store.setConnection("connecting");
    feed?.again();
  },
  lock: () => {
    feed?.close();
    store.setConnection("locked");
  },
};

/** A part of a build that is no longer served: the page is loaded anew, but not again and again. */
const RELOAD_MS = 60_000;
addEventListener("vite:preloadError", () => {
  try {
    const last = Number(sessionStorage.getItem("rigtwin-reloaded"));
    if (Date.now() - last < RELOAD_MS) return;
    sessionStorage.setItem("rigtwin-reloaded", String(Date.now()));
    location.reload();
  } catch {
    // Without storage nothing tells the second time from the first; the page then offers a button.
  }
});

/** A worker that is new looks after pages at once; what they load from then on is of its build. */
const WORKER_LOOK_MS = 3_600_000;
if (import.meta.env.PROD && isSecureContext && "serviceWorker" in navigator)
  addEventListener("load", () => {
    navigator.serviceWorker.register("/sw.js").then(
      (registration) => void setInterval(() => void registration.update().catch(() => undefined), WORKER_LOOK_MS),
      // Without it the page works as before, as long as the server does.
      () => undefined,
    );
  });

const root = document.getElementById("root");
if (root !== null) createRoot(root).render(<App site={site} />);
