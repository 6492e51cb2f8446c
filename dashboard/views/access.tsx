/** Who one is, where one is logged in, and for admins: who else may come in. */
import type { ReactNode } from "react";
import { ROUTES } from "../../server/twin/wire.ts";
import { AuditPanel } from "../parts/access-audit.tsx";
import { DevicesPanel } from "../parts/access-devices.tsx";
import { MePanel, type Me } from "../parts/access-me.tsx";
import { SessionsPanel, TokensPanel } from "../parts/access-own.tsx";
import { PeoplePanel } from "../parts/access-people.tsx";
import { TwinsPanel } from "../parts/access-twins.tsx";
import { Answered } from "../parts/panel.tsx";
import { useAnswer } from "../site.tsx";
import { accessText as text } from "../texts-access.ts";
import "../look/access.css";
import "../look/twin.css";

/** What somebody sees of their own, and of the house where it is theirs to keep. `first`: the twins come before all. */
export const Access = ({
  me,
  twinsFirst,
  onChange,
}: {
  readonly me: Me;
  readonly twinsFirst: boolean;
  readonly onChange: () => void;
}): ReactNode => {
  const may = (right: string): boolean => me.rights.includes(right);
  const hasTwins = !me.local && (twinsFirst || me.wallet !== null);
  return (
    <>
      {hasTwins && twinsFirst ? <TwinsPanel /> : null}
      <MePanel me={me} onChange={onChange} />
      {me.local ? null : (
        <div className="grid-2">
          <SessionsPanel />
          <TokensPanel />
        </div>
      )}
      {hasTwins && !twinsFirst ? <TwinsPanel /> : null}
      {may("people") ? <PeoplePanel /> : null}
      {may("devices") ? <DevicesPanel /> : null}
      {may("audit") ? <AuditPanel /> : null}
    </>
  );
};

const AccessView = (): ReactNode => {
  const answer = useAnswer<Me>({ route: ROUTES.me }, null);
  return (
    <div className="page">
      <div className="page-head">
        <h1>{text.title}</h1>
        <span className="lead">{text.lead}</span>
      </div>
      <Answered answer={answer}>{(me) => <Access me={me} twinsFirst={false} onChange={answer.refresh} />}</Answered>
    </div>
  );
};
export default AccessView;
