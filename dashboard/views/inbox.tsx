import { Button } from "@mantine/core";
import { IconInbox } from "@tabler/icons-react";
import { useState, type ReactNode } from "react";
import type { InboxAnswer } from "../../server/twin/api.ts";
import { ROUTES } from "../../server/twin/wire.ts";
import { count, dayMinute, iso } from "../format.ts";
import { useBadge } from "../parts/badge.ts";
import { MapForm } from "../parts/map-form.tsx";
import { Answered, Empty, Panel } from "../parts/panel.tsx";
import { SaidLine, type Said } from "../parts/said.tsx";
import { ScrollX } from "../parts/scroll-x.tsx";
import { StatusPages } from "../parts/status-pages.tsx";
import { Age } from "../parts/value.tsx";
import { failureOf, useAnswer, useSite, useViewClock } from "../site.tsx";
import { inboxText as text } from "../texts-inbox.ts";
import "../look/inbox.css";

type Topic = InboxAnswer["topics"][number];
type Mapping = InboxAnswer["mappings"][number];

const Heads = ({ heads }: { readonly heads: readonly string[] }): ReactNode => (
  <thead>
    <tr>
      {heads.map((head, i) => (
        <th key={head || i} scope="col">
          {head === "" ? <span className="unseen">{text.map}</span> : head}
        </th>
      ))}
    </tr>
  </thead>
);

const guessOf = ({ guesses }: Topic): string => {
  const meant = guesses.flatMap(({ meaning }) => meaning?.field ?? []);
  const named = [...new Set(meant)].slice(0, 3).join(", ");
  return meant.length === 0 ? text.noGuess : meant.length > 3 ? `${named} …` : named;
};

const Topics = ({
  topics,
  chosen,
  onChoose,
}: {
  readonly topics: readonly Topic[];
  readonly chosen: string | null;
  readonly onChoose: ((topic: Topic) => void) | null;
}): ReactNode => (
  <ScrollX label={text.waiting}>
    <table className="table">
      <Heads heads={text.heads} />
      <tbody>
        {topics.map((topic) => (
          <tr key={topic.topic} aria-selected={topic.topic === chosen}>
            <th scope="row" className="inbox-topic">
              <span className="mono">{topic.topic}</span>
              <span className="inbox-sample mono quiet">{topic.sample?.slice(0, 120) ?? text.noSample}</span>
            </th>
            <td>
              <Age ts={topic.lastTs} />
            </td>
            <td className="num">{count(topic.count)}</td>
            <td className="quiet">{guessOf(topic)}</td>
            <td className="num">
              {onChoose === null ? null : (
                <Button
                  size="compact-xs"
                  variant={topic.topic === chosen ? "filled" : "default"}
                  aria-label={text.mapOf(topic.topic)}
                  onClick={() => onChoose(topic)}
                >
                  {text.map}
                </Button>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  </ScrollX>
);

const Mappings = ({
  mappings,
  onEnd,
}: {
  readonly mappings: readonly Mapping[];
  readonly onEnd: ((topic: string) => void) | null;
}): ReactNode => (
  <ScrollX label={text.mappings}>
    <table className="table">
      <Heads heads={text.mappingHeads} />
      <tbody>
        {mappings.map(({ topic, rig, as, fields, by, atTs }) => (
          <tr key={topic}>
            <th scope="row" className="mono inbox-topic">
              {topic}
            </th>
            <td>
              {text.kinds[as]} <b>{rig}</b>
            </td>
            <td className="quiet">
              {fields.map(({ path, field, factor }) => `${field} ← ${path}${factor === 1 ? "" : ` × ${factor}`}`).join(", ")}
            </td>
            <td>{by ?? "–"}</td>
            <td>
              {atTs === null ? (
                "–"
              ) : (
                <time dateTime={iso(atTs)} title={iso(atTs)}>
                  {dayMinute(atTs)}
                </time>
              )}
            </td>
            <td className="num">
              {onEnd === null ? null : (
                <Button size="compact-xs" variant="default" aria-label={text.endOf(topic)} onClick={() => onEnd(topic)}>
                  {text.end}
                </Button>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  </ScrollX>
);

const InboxView = (): ReactNode => {
  const { ask } = useSite();
  const live = useViewClock()?.view !== "replay";
  const [badge] = useBadge();
  const [chosen, setChosen] = useState<Topic | null>(null);
  const [said, setSaid] = useState<Said | null>(null);
  const answer = useAnswer<InboxAnswer>({ route: ROUTES.inbox }, 5_000);
  const end = async (topic: string): Promise<void> => {
    try {
      await ask.post({ route: ROUTES.unmap }, { topic, by: badge.trim() === "" ? "dashboard" : badge.trim() });
      setSaid(null);
    } catch (error) {
      setSaid({ ok: false, text: failureOf(error).message });
    }
    answer.refresh();
  };
  return (
    <div className="page">
      <StatusPages />
      <div className="page-head">
        <h1>{text.title}</h1>
        <span className="lead">{live ? text.lead : text.replay}</span>
      </div>
      <SaidLine said={said} />
      <Answered answer={answer} height={240}>
        {({ topics, mappings, fields }) => (
          <>
            {chosen === null ? null : (
              <Panel title={text.mapOf(chosen.topic)} flush>
                <MapForm
                  key={chosen.topic}
                  topic={chosen}
                  fields={fields}
                  onCancel={() => setChosen(null)}
                  onSaved={(rig) => {
                    setChosen(null);
                    setSaid({ ok: true, text: text.saved(rig) });
                    answer.refresh();
                  }}
                />
              </Panel>
            )}
            <Panel
              title={text.waiting}
              note={text.waitingNote(
                topics.length,
                topics.reduce((sum, { kept }) => sum + kept, 0),
              )}
              flush
            >
              {topics.length === 0 ? (
                <Empty icon={<IconInbox size={28} aria-hidden />} title={text.none}>
                  {text.noneMore}
                </Empty>
              ) : (
                <Topics
                  topics={topics}
                  chosen={chosen?.topic ?? null}
                  onChoose={
                    live
                      ? (topic) => {
                          setSaid(null);
                          setChosen(topic);
                          window.scrollTo(0, 0);
                        }
                      : null
                  }
                />
              )}
            </Panel>
            {mappings.length === 0 ? null : (
              <Panel title={text.mappings} note={text.mappingsNote} flush>
                <Mappings mappings={mappings} onEnd={live ? (topic) => void end(topic) : null} />
              </Panel>
            )}
          </>
        )}
      </Answered>
    </div>
  );
};
export default InboxView;
