/**
 * The service worker: the shell without a server, and messages while no page is open. It keeps built files alone. An answer of the API is
 * never kept: what is old must not look like now.
 */

/** Of the Service Worker API what is used here; the page's own types know it not. */
interface Extended {
  readonly waitUntil: (work: Promise<unknown>) => void;
}
interface Fetched extends Extended {
  readonly request: Request;
  readonly respondWith: (answer: Promise<Response>) => void;
}
interface Pushed extends Extended {
  readonly data: { readonly json: () => unknown } | null;
}
interface Clicked extends Extended {
  readonly notification: { readonly close: () => void; readonly data: unknown };
}
interface OpenPage {
  readonly url: string;
  readonly focus: () => Promise<unknown>;
  readonly navigate: (url: string) => Promise<unknown>;
}
interface Scope {
  readonly location: Location;
  readonly registration: { readonly showNotification: (title: string, options: object) => Promise<void> };
  readonly clients: {
    readonly claim: () => Promise<void>;
    readonly matchAll: (options: object) => Promise<readonly OpenPage[]>;
    readonly openWindow: (url: string) => Promise<unknown>;
  };
  readonly skipWaiting: () => Promise<void>;
  addEventListener(type: "install" | "activate", listener: (event: Extended) => void): void;
  addEventListener(type: "fetch", listener: (event: Fetched) => void): void;
  addEventListener(type: "push", listener: (event: Pushed) => void): void;
  addEventListener(type: "notificationclick", listener: (event: Clicked) => void): void;
}
declare const RIGTWIN_SHELL: readonly string[];
declare const RIGTWIN_CACHE: string;

const scope = self as unknown as Scope;
const INDEX = "/index.html";
const OURS = "rigtwin-";
/** A server that says nothing for so long counts as away, ms. */
const PATIENCE_MS = 6_000;

scope.addEventListener("install", (event) => {
  const fill = async (): Promise<void> => {
    const cache = await caches.open(RIGTWIN_CACHE);
    await cache.addAll(RIGTWIN_SHELL.map((path) => new Request(path, { cache: "no-cache" })));
    await scope.skipWaiting();
  };
  event.waitUntil(fill());
});

scope.addEventListener("activate", (event) => {
  const clear = async (): Promise<void> => {
    const names = await caches.keys();
    await Promise.all(names.filter((name) => name.startsWith(OURS) && name !== RIGTWIN_CACHE).map((name) => caches.delete(name)));
    await scope.clients.claim();
  };
  event.waitUntil(clear());
});

const late = (): Promise<never> => new Promise((_, reject) => setTimeout(() => reject(new Error("late")), PATIENCE_MS));

/** From the server; where it is away, as it was kept. */
const fresh = async (request: Request, kept: string): Promise<Response> => {
  try {
    return await Promise.race([fetch(request), late()]);
  } catch (error) {
    const old = await caches.match(kept);
    if (old === undefined) throw error;
    return old;
  }
};
/** Its name changes with its content: once here, it is right. */
const hashed = async (request: Request): Promise<Response> => {
  const old = await caches.match(request);
  if (old !== undefined) return old;
  const answer = await fetch(request);
  if (answer.ok) await (await caches.open(RIGTWIN_CACHE)).put(request, answer.clone());
  return answer;
};

scope.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== scope.location.origin) return;
  if (url.pathname.startsWith("/assets/")) return event.respondWith(hashed(request));
  if (RIGTWIN_SHELL.includes(url.pathname)) return event.respondWith(fresh(request, url.pathname));
  // Pages of the dashboard; the API has pages too, and they are nobody's but the server's.
  if (request.mode === "navigate" && !/^\/(api|metrics|socket\.io)(\/|$)|\.[a-z]+$/.test(url.pathname))
    event.respondWith(fresh(request, INDEX));
});

interface Message {
  readonly title: string;
  readonly body: string;
  readonly site: string;
  readonly severity: string;
  readonly tag: string;
  readonly path: string;
}
const messageIn = (data: Pushed["data"]): Message => {
  try {
    return data?.json() as Message;
  } catch {
    return { title: "Rigtwin", body: "", site: "", severity: "critical", tag: "rigtwin", path: "/alarms" };
  }
};

scope.addEventListener("push", (event) => {
  const { title, body, site, severity, tag, path } = messageIn(event.data);
  event.waitUntil(
    scope.registration.showNotification(title, {
      body: site === "" ? body : `${site}\n${body}`,
      tag,
      renotify: true,
      requireInteraction: severity === "critical",
      icon: "/icon-192.png",
      badge: "/icon-192.png",
      data: path,
    }),
  );
});

scope.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const { data } = event.notification;
  const path = typeof data === "string" && /^\/(?!\/)/.test(data) ? data : "/alarms";
  const show = async (): Promise<unknown> => {
    const [open] = await scope.clients.matchAll({ type: "window" });
    if (open === undefined) return scope.clients.openWindow(path);
    await open.focus();
    return open.navigate(path);
  };
  event.waitUntil(show());
});
