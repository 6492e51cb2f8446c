/** Comments on a rig, an incident or a moment: read by all of the staff, written by operators and technicians. */
import { Button, Textarea, TextInput } from "@mantine/core";
import { useState, type FormEvent, type ReactNode } from "react";
import { Link } from "wouter";
import type { About, Comment } from "../../server/twin/notes/shapes.ts";
import { ROUTES } from "../../server/twin/wire.ts";
import { dayTime } from "../format.ts";
import { failureOf, useAnswer, useSite } from "../site.tsx";
import { teamText } from "../texts-team.ts";
import { Answered, Empty, Panel } from "./panel.tsx";
import { useHeard, useSelf } from "./self.ts";
import { Age } from "./value.tsx";
import "../look/team.css";

const text = teamText.comments;
const SHOWN = 50;
/** So much of the past a link to a moment shows around it, ms. */
const AROUND_MS = 30 * 60_000;

/** A text with its mentions set off; never markup. */
const Words = ({ children }: { readonly children: string }): ReactNode => (
  <span className="words">
    {children.split(/((?<![\p{L}\p{N}@])@[\p{L}\p{N}][\p{L}\p{N}._-]*)/u).map((part, k) => (k % 2 === 1 ? <b key={k}>{part}</b> : part))}
  </span>
);

const AboutLine = ({ about }: { readonly about: About }): ReactNode => {
  const { watchReplay } = useSite();
  if (about.of === "rig") return <Link to={`/rigs/${encodeURIComponent(about.rig)}`}>{text.of.rig(about.rig)}</Link>;
  if (about.of === "incident") return <Link to="/alarms">{text.of.incident}</Link>;
  return (
    <button
      type="button"
      className="as-link"
      title={text.open}
      onClick={() => watchReplay(Math.max(0, about.ts - AROUND_MS), about.ts + AROUND_MS, 1, about.ts)}
    >
      {text.of.moment(dayTime(about.ts))}
    </button>
  );
};

/** Comments, one below the other; `withAbout`: says what each is about. */
export const CommentList = ({
  comments,
  withAbout = false,
  isNew,
}: {
  readonly comments: readonly Comment[];
  readonly withAbout?: boolean;
  readonly isNew?: (comment: Comment) => boolean;
}): ReactNode => (
  <ol className="comments">
    {comments.map((comment) => (
      <li key={comment.number} data-new={isNew?.(comment) ?? false}>
        <span className="comment-head">
          <b>{comment.by}</b> {withAbout ? <AboutLine about={comment.about} /> : null} <Age ts={comment.ts} limitMs={Infinity} />
          {isNew?.(comment) === true ? <span className="tag">{teamText.mentions.fresh}</span> : null}
        </span>
        <Words>{comment.text}</Words>
      </li>
    ))}
  </ol>
);

/** Says something; calls `onDone` when it is on disk. */
export const CommentForm = ({ about, onDone }: { readonly about: About; readonly onDone: () => void }): ReactNode => {
  const { ask } = useSite();
  const self = useSelf();
  const [words, setWords] = useState("");
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<string | null>(null);
  const send = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    setTrouble(null);
    try {
      await ask.post<Comment>({ route: ROUTES.comments }, { about, text: words.trim(), by: self.name.trim() });
      setWords("");
      onDone();
    } catch (error) {
      setTrouble(failureOf(error).message);
    }
    setBusy(false);
  };
  return (
    <form className="comment-form" aria-label={text.add} onSubmit={(event) => void send(event)}>
      <Textarea
        className="grow"
        aria-label={text.add}
        placeholder={`${text.add}; ${text.hint}`}
        autosize
        minRows={1}
        maxRows={6}
        maxLength={2_000}
        value={words}
        onChange={(event) => setWords(event.currentTarget.value)}
      />
      {self.account === null ? (
        <TextInput
          aria-label={teamText.handover.by}
          placeholder={teamText.handover.by}
          value={self.name}
          maxLength={64}
          onChange={(event) => self.setBadge(event.currentTarget.value)}
        />
      ) : null}
      <Button type="submit" variant="default" loading={busy} disabled={words.trim() === "" || self.name.trim() === ""}>
        {text.send}
      </Button>
      {trouble === null ? null : (
        <span className="bad" role="alert">
          {teamText.trouble} {trouble}
        </span>
      )}
    </form>
  );
};

/** The panel of one rig's or one incident's comments. */
export const Comments = ({ about }: { readonly about: Exclude<About, { of: "moment" }> }): ReactNode => {
  const self = useSelf();
  const query = about.of === "rig" ? { rig: about.rig } : { incident: about.incident };
  const answer = useHeard(
    useAnswer<{ readonly total: number; readonly comments: readonly Comment[] }>(
      { route: ROUTES.comments, query: { ...query, limit: SHOWN } },
      60_000,
    ),
  );
  return (
    <Panel title={text.title} note={text.note}>
      <Answered answer={answer} height={60}>
        {({ total, comments }) => (
          <>
            {comments.length === 0 ? <Empty title={text.none} /> : <CommentList comments={comments} />}
            {total > comments.length ? <p className="faint">{text.more(total - comments.length)}</p> : null}
          </>
        )}
      </Answered>
      {self.may("addComment") ? <CommentForm about={about} onDone={answer.refresh} /> : null}
    </Panel>
  );
};
