/** For whoever is logged in and may see twins, but not the farm. */
import { useEffect, type ReactNode } from "react";
import { ROUTES } from "../../server/twin/wire.ts";
import type { Me } from "../parts/access-me.tsx";
import { Mark } from "../parts/mark.tsx";
import { Answered } from "../parts/panel.tsx";
import { SchemeToggle } from "../parts/scheme-toggle.tsx";
import { useAnswer } from "../site.tsx";
import { accessText as text } from "../texts-access.ts";
import { say } from "../texts.ts";
import { Access } from "./access.tsx";

const LOOK_MS = 3_000;

const OutsideView = (): ReactNode => {
  // There is no live line here that would end with the session: it is asked for instead.
  const answer = useAnswer<Me>({ route: ROUTES.me }, LOOK_MS);
  useEffect(() => {
    document.title = `${text.outsideTitle} · ${say.product}`;
  }, []);
  return (
    <>
      <a className="skip" href="#main">
        {say.skip}
      </a>
      <header className="public-head">
        <span className="brand">
          <Mark /> {say.product}
        </span>
        <span className="quiet wide-only">{text.outsideLead}</span>
        <span className="public-tools">
          <SchemeToggle />
        </span>
      </header>
      <main id="main" tabIndex={-1} className="page twin-page">
        <h1>{text.outsideTitle}</h1>
        <Answered answer={answer}>{(me) => <Access me={me} twinsFirst onChange={answer.refresh} />}</Answered>
      </main>
    </>
  );
};
export default OutsideView;
