import { IconFileCertificate } from "@tabler/icons-react";
import type { ReactNode } from "react";
import type { z } from "zod";
import type * as access from "../../server/twin/access.ts";
import { ROUTES } from "../../server/twin/wire.ts";
import { useAnswer } from "../site.tsx";
import { accessText } from "../texts-access.ts";
import { Ago } from "./access-hands.tsx";
import { Answered, Empty, Panel } from "./panel.tsx";
import type { Passport } from "./passport.tsx";
import { ScrollX } from "./scroll-x.tsx";
import { StateMark } from "./value.tsx";

const text = accessText.twins;
const POLL_MS = 60_000;
/** Of so many the page also says how they are; the others are named. */
const MOST_LOOKED_UP = 24;

const Line = ({
  tokenId,
  rig,
  isLookedUp,
}: {
  readonly tokenId: number;
  readonly rig: string;
  readonly isLookedUp: boolean;
}): ReactNode => {
  const { data } = useAnswer<Passport>(isLookedUp ? { route: ROUTES.twin, parameters: { tokenId } } : null, POLL_MS);
  const twin = data?.twin ?? null;
  return (
    <tr>
      <th scope="row">
        {/* A page of its own, which opens without the farm's feed. */}
        <a href={`/twin/${tokenId}`}>{text.open(tokenId)}</a>
      </th>
      <td>{rig}</td>
      <td className="quiet">{twin === null ? "" : [twin.identity.make, twin.identity.model].filter(Boolean).join(" ")}</td>
      <td>{twin === null ? "" : <StateMark state={twin.state} />}</td>
      <td>{twin === null ? "" : <Ago ts={twin.lastSeenTs} />}</td>
    </tr>
  );
};

/** What one's wallet holds. */
export const TwinsPanel = (): ReactNode => {
  const answer = useAnswer<z.infer<typeof access.ownTwins>>({ route: ROUTES.ownTwins }, POLL_MS);
  return (
    <Panel title={text.title} note={text.note} flush>
      <Answered answer={answer}>
        {({ wallet, twins }) =>
          twins.length === 0 ? (
            <Empty icon={<IconFileCertificate size={24} aria-hidden />} title={wallet === null ? text.noWallet : text.none}>
              {wallet === null ? text.noWalletMeans : text.noneMeans}
            </Empty>
          ) : (
            <ScrollX label={text.title}>
              <table className="table">
                <thead>
                  <tr>
                    {[text.token, text.rig, text.machine, text.state, text.seen].map((head) => (
                      <th key={head} scope="col">
                        {head}
                      </th>
                    ))}
                  </tr>
                </thead>
                <tbody>
                  {twins.map(({ tokenId, rig }, i) => (
                    <Line key={tokenId} tokenId={tokenId} rig={rig} isLookedUp={i < MOST_LOOKED_UP} />
                  ))}
                </tbody>
              </table>
            </ScrollX>
          )
        }
      </Answered>
    </Panel>
  );
};
