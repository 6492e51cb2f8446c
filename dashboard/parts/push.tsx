/** This browser's own subscription to push messages. */
import { Button } from "@mantine/core";
import { useCallback, useEffect, useState, type ReactNode } from "react";
import type { PushAnswer } from "../../server/twin/notify/push.ts";
import { ROUTES } from "../../server/twin/wire.ts";
import { failureOf, useAnswer, useSite } from "../site.tsx";
import { pushText as text } from "../texts-push.ts";
import { Answered, Panel } from "./panel.tsx";
import { SaidLine, type Said } from "./said.tsx";
import { ScrollX } from "./scroll-x.tsx";
import { useSelf } from "./self.ts";
import { Age } from "./value.tsx";

/** What stands in the way of push here; null where nothing does. */
const obstacle = (): string | null => {
  if (!isSecureContext) return text.insecure;
  return "serviceWorker" in navigator && "PushManager" in window ? null : text.unsupported;
};
const bytesOf = (base64url: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(base64url.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
/** As the server names a browser: the beginning of SHA-256 over its endpoint. */
const idOf = async (endpoint: string): Promise<string> => {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(endpoint)));
  return [...hash.subarray(0, 8)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
};
const registered = async (): Promise<ServiceWorkerRegistration> => {
  const registration = await navigator.serviceWorker.getRegistration();
  if (registration === undefined) throw new Error(text.noWorker);
  return registration;
};

export const PushPanel = (): ReactNode => {
  const { ask } = useSite();
  const self = useSelf();
  const answer = useAnswer<PushAnswer>({ route: ROUTES.pushDevices }, 30_000);
  const [own, setOwn] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const [said, setSaid] = useState<Said | null>(null);
  const hindered = obstacle();
  const look = useCallback(async (): Promise<void> => {
    if (obstacle() !== null) return;
    const subscription = (await (await navigator.serviceWorker.getRegistration())?.pushManager.getSubscription()) ?? null;
    setOwn(subscription === null ? null : await idOf(subscription.endpoint));
  }, []);
  useEffect(() => void look(), [look]);

  const act = async (work: () => Promise<string>): Promise<void> => {
    setBusy(true);
    setSaid(null);
    try {
      setSaid({ ok: true, text: await work() });
    } catch (error) {
      setSaid({ ok: false, text: failureOf(error).message });
    }
    await look();
    answer.refresh();
    setBusy(false);
  };
  const subscribe = (key: string): Promise<void> =>
    act(async () => {
      if ((await Notification.requestPermission()) !== "granted") throw new Error(text.denied);
      const { pushManager } = await registered();
      const subscription = await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytesOf(key) });
      const { endpoint, keys } = subscription.toJSON();
      await ask.post({ route: ROUTES.pushDevices }, { endpoint, p256dh: keys?.["p256dh"], auth: keys?.["auth"] });
      return text.on;
    });
  const end = (device: string, isOwn: boolean): Promise<void> =>
    act(async () => {
      if (isOwn) await (await (await registered()).pushManager.getSubscription())?.unsubscribe();
      await ask.remove({ route: ROUTES.pushDevice, parameters: { device } });
      return text.off;
    });

  return (
    <Panel title={text.title} note={text.note}>
      <Answered answer={answer} height={60}>
        {({ key, devices, channel }) => {
          const isTold = own !== null && devices.some(({ id }) => id === own);
          return (
            <div className="stack">
              <div className="row">
                {hindered === null ? (
                  isTold ? (
                    <Button variant="default" loading={busy} disabled={!self.may("endPushDevice")} onClick={() => void end(own, true)}>
                      {text.stop}
                    </Button>
                  ) : (
                    <Button loading={busy} disabled={!self.may("addPushDevice")} onClick={() => void subscribe(key)}>
                      {text.start}
                    </Button>
                  )
                ) : (
                  <span className="quiet">{hindered}</span>
                )}
                <SaidLine said={said} />
              </div>
              <p className="quiet">{channel === null ? text.noChannel : text.routed}</p>
              {devices.length === 0 ? null : (
                <ScrollX label={text.list}>
                  <table className="table">
                    <thead>
                      <tr>
                        {text.heads.map((head) => (
                          <th key={head} scope="col">
                            {head === text.end ? <span className="unseen">{head}</span> : head}
                          </th>
                        ))}
                      </tr>
                    </thead>
                    <tbody>
                      {devices.map(({ id, by, host, addedTs }) => (
                        <tr key={id}>
                          <th scope="row">
                            {by}
                            {id === own ? ` (${text.this})` : ""}
                          </th>
                          <td>{host}</td>
                          <td>
                            <Age ts={addedTs} limitMs={Infinity} />
                          </td>
                          <td className="num">
                            <Button
                              size="compact-xs"
                              variant="default"
                              disabled={!self.may("endPushDevice")}
                              aria-label={text.endOf(by)}
                              onClick={() => void end(id, id === own)}
                            >
                              {text.end}
                            </Button>
                          </td>
                        </tr>
                      ))}
                    </tbody>
                  </table>
                </ScrollX>
              )}
            </div>
          );
        }}
      </Answered>
    </Panel>
  );
};
