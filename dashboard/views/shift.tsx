import { Button, Textarea, TextInput } from "@mantine/core";
import { useState, type FormEvent, type ReactNode } from "react";
import { Link } from "wouter";
import type { Comment, Handover, Handovers, Standing } from "../../server/twin/notes/shapes.ts";
import { ROUTES } from "../../server/twin/wire.ts";
import { dayMinute, iso } from "../format.ts";
import { CommentList } from "../parts/comments.tsx";
import { Answered, Empty, Panel } from "../parts/panel.tsx";
import { SaidLine, type Said } from "../parts/said.tsx";
import { useHeard, useMentions, useSelf } from "../parts/self.ts";
import { PeopleList } from "../parts/team-head.tsx";
import { failureOf, useAnswer, useSite } from "../site.tsx";
import { teamText } from "../texts-team.ts";
import { workText } from "../texts-work.ts";
import "../look/team.css";

const text = teamText.handover;
const LATEST = 20;

const alarmsOf = ({ alarms: { critical, major, minor, info } }: Standing): string => text.alarms(critical, major, minor + info);
const isCalm = ({ alarms, incidents, orders }: Standing): boolean =>
  alarms.critical + alarms.major + alarms.minor + alarms.info + incidents.length + orders.length === 0;

/** What stands, or stood, open, each with the way to it. */
const Stands = ({ stands }: { readonly stands: Standing }): ReactNode =>
  isCalm(stands) ? (
    <p className="quiet">{text.calm}</p>
  ) : (
    <ul className="stands">
      <li>
        <Link to="/alarms">{alarmsOf(stands)}</Link>
      </li>
      {stands.incidents.map(({ id, name, severity, rigs }) => (
        <li key={id} data-severity={severity}>
          <Link to="/alarms">
            {name} ({rigs})
          </Link>
        </li>
      ))}
      {stands.orders.map(({ id, title, state }) => (
        <li key={id}>
          <Link to={`/maintenance/${encodeURIComponent(id)}`}>
            {id} {title}
          </Link>{" "}
          <span className="faint">{workText.states[state as keyof typeof workText.states]}</span>
        </li>
      ))}
    </ul>
  );

const HandoverForm = ({ onDone }: { readonly onDone: () => void }): ReactNode => {
  const { ask } = useSite();
  const self = useSelf();
  const [shift, setShift] = useState("");
  const [words, setWords] = useState("");
  const [busy, setBusy] = useState(false);
  const [said, setSaid] = useState<Said | null>(null);
  const send = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if ([shift, words, self.name].some((each) => each.trim() === "")) return setSaid({ ok: false, text: text.needed });
    setBusy(true);
    try {
      await ask.post<Handover>({ route: ROUTES.handovers }, { shift: shift.trim(), text: words.trim(), by: self.name.trim() });
      setWords("");
      setSaid({ ok: true, text: text.done });
      onDone();
    } catch (error) {
      setSaid({ ok: false, text: `${teamText.trouble} ${failureOf(error).message}` });
    }
    setBusy(false);
  };
  return (
    <form className="stack" aria-label={text.title} onSubmit={(event) => void send(event)} noValidate>
      <div className="form-row">
        <TextInput label={text.shift} value={shift} maxLength={40} onChange={(event) => setShift(event.currentTarget.value)} />
        {self.account === null ? (
          <TextInput label={text.by} value={self.name} maxLength={64} onChange={(event) => self.setBadge(event.currentTarget.value)} />
        ) : null}
      </div>
      <Textarea
        label={text.text}
        autosize
        minRows={3}
        maxRows={14}
        maxLength={8_000}
        value={words}
        onChange={(event) => setWords(event.currentTarget.value)}
      />
      <div className="row">
        <Button type="submit" loading={busy}>
          {text.send}
        </Button>
        <SaidLine said={said} />
      </div>
    </form>
  );
};

const HandedOver = ({ handovers }: { readonly handovers: readonly Handover[] }): ReactNode => (
  <ol className="handovers">
    {handovers.map((each) => (
      <li key={each.number}>
        <header>
          <b>{each.shift}</b>
          <span className="quiet">
            {each.by} ·{" "}
            <time dateTime={iso(each.ts)} title={iso(each.ts)}>
              {dayMinute(each.ts)}
            </time>
          </span>
        </header>
        <p className="words">{each.text}</p>
        <details>
          <summary>
            {alarmsOf(each.stood)}, {text.incidents(each.stood.incidents.length)}, {text.orders(each.stood.orders.length)} {text.stood}
          </summary>
          <Stands stands={each.stood} />
        </details>
      </li>
    ))}
  </ol>
);

const ForYou = (): ReactNode => {
  const { ask } = useSite();
  const self = useSelf();
  const mentions = useMentions();
  const words = teamText.mentions;
  const seen = async (to: number): Promise<void> => {
    await ask.post({ route: ROUTES.mentions }, { to, by: self.name }).catch(() => undefined);
    mentions.refresh();
  };
  return (
    <Panel title={words.title} {...(self.name === "" ? {} : { note: words.note(self.name) })}>
      {self.name === "" ? (
        <Empty title={words.noName}>{words.noNameMore}</Empty>
      ) : (
        <Answered answer={mentions} height={80}>
          {({ comments, seenTo, unseen }) =>
            comments.length === 0 ? (
              <Empty title={words.none}>{words.noneMore}</Empty>
            ) : (
              <>
                <CommentList comments={comments} withAbout isNew={({ number }) => number > seenTo} />
                {unseen > 0 && self.mayNow("seeMentions") ? (
                  <Button size="compact-sm" variant="default" onClick={() => void seen(comments[0]?.number ?? 0)}>
                    {words.seen}
                  </Button>
                ) : null}
              </>
            )
          }
        </Answered>
      )}
      {self.account === null && !self.may("addHandover") ? (
        <TextInput
          mt={10}
          label={text.by}
          value={self.name}
          maxLength={64}
          onChange={(event) => self.setBadge(event.currentTarget.value)}
        />
      ) : null}
    </Panel>
  );
};

const ShiftView = (): ReactNode => {
  const self = useSelf();
  const answer = useHeard(useAnswer<Handovers>({ route: ROUTES.handovers, query: { limit: 50 } }, 15_000));
  const latest = useHeard(
    useAnswer<{ readonly comments: readonly Comment[] }>({ route: ROUTES.comments, query: { limit: LATEST } }, 60_000),
  );
  return (
    <div className="page">
      <div className="page-head">
        <h1>{teamText.title}</h1>
        <span className="lead">{teamText.lead}</span>
      </div>
      <Answered answer={answer} height={320}>
        {({ handovers, stands }) => (
          <div className="grid-2">
            <Panel title={text.title} note={text.note}>
              {self.may("addHandover") ? <HandoverForm onDone={answer.refresh} /> : <p className="quiet">{text.readOnly}</p>}
            </Panel>
            <Panel title={text.stands}>
              <Stands stands={stands} />
            </Panel>
            <div className="whole-row">
              <Panel title={text.list} flush>
                {handovers.length === 0 ? <Empty title={text.none}>{text.noneMore}</Empty> : <HandedOver handovers={handovers} />}
              </Panel>
            </div>
          </div>
        )}
      </Answered>
      <div className="grid-2">
        <ForYou />
        <Panel title={teamText.here.title} note={teamText.here.note}>
          <PeopleList />
        </Panel>
      </div>
      <Panel title={teamText.latest.title} note={teamText.latest.note}>
        <Answered answer={latest} height={80}>
          {({ comments }) =>
            comments.length === 0 ? <Empty title={teamText.comments.none} /> : <CommentList comments={comments} withAbout />
          }
        </Answered>
      </Panel>
    </div>
  );
};
export default ShiftView;
