import { Button } from "@mantine/core";
import { IconHistory, IconPlugConnectedX } from "@tabler/icons-react";
import { useCallback, useSyncExternalStore, type ReactNode } from "react";
import { dayTime } from "../format.ts";
import { useConnection, useNow, useSite, useTotals, useViewClock } from "../site.tsx";
import { say } from "../texts.ts";
import { Age } from "./value.tsx";

const Replaying = (): ReactNode => {
  const now = useNow();
  const { watchLive } = useSite();
  return (
    <div className="banner replaying" role="status">
      <IconHistory size={16} aria-hidden />
      <span className="grow">{now === null ? "" : say.banner.replay(dayTime(now))}</span>
      <Button size="compact-sm" color="copper" onClick={watchLive}>
        {say.banner.backToLive}
      </Button>
    </div>
  );
};

const Refusal = (): ReactNode => {
  const { store } = useSite();
  const subscribe = useCallback((listener: () => void) => store.subscribe("refused", listener), [store]);
  useSyncExternalStore(subscribe, () => store.version("refused"));
  const refused = store.refused();
  if (refused === null) return null;
  return (
    <div className="banner warn" role="alert">
      <span className="grow">
        {say.banner.refused} {refused.detail}
      </span>
      <Button size="compact-sm" variant="default" onClick={() => store.setRefused(null)}>
        {say.close}
      </Button>
    </div>
  );
};

/** What a reader must know before believing anything below. */
export const Banners = (): ReactNode => {
  const connection = useConnection();
  const totals = useTotals();
  const replay = useViewClock()?.view === "replay";
  const away = connection === "offline" || connection === "stale";
  return (
    <>
      {replay ? <Replaying /> : null}
      {away ? (
        <div className={connection === "offline" ? "banner bad" : "banner warn"} role="alert">
          <IconPlugConnectedX size={16} aria-hidden />
          <span className="grow">
            {connection === "offline" ? say.banner.offline : say.banner.stale} {connection === "offline" ? say.banner.reconnecting : ""}
          </span>
          <Age ts={totals?.asOfTs ?? null} from={say.head.lastData} limitMs={Infinity} />
        </div>
      ) : null}
      <Refusal />
    </>
  );
};
