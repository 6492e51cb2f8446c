/** "Map this": which rig a topic is, and which field stands where in its messages; shows what would come of it before it is saved. */
import { Button, NativeSelect, TextInput } from "@mantine/core";
import { useState, type FormEvent, type ReactNode } from "react";
import type { InboxAnswer, MappingPreview } from "../../server/twin/api.ts";
import { ROUTES } from "../../server/twin/wire.ts";
import { failureOf, useSite } from "../site.tsx";
import { inboxText as text } from "../texts-inbox.ts";
import { say } from "../texts.ts";
import { useBadge } from "./badge.ts";
import { MapPreview } from "./map-preview.tsx";
import { MapRows, type Row } from "./map-rows.tsx";
import { ScrollX } from "./scroll-x.tsx";

type Topic = InboxAnswer["topics"][number];
const MOST_ROWS = 60;

/** What is guessed stands first. */
const rowsOf = ({ guesses }: Topic): readonly Row[] =>
  guesses
    .map(({ path, value, meaning }) => ({
      path,
      now: value === null ? "null" : String(value),
      field: meaning?.field ?? "",
      factor: String(meaning?.factor ?? 1),
      free: false,
    }))
    .toSorted((a, b) => Number(b.field !== "") - Number(a.field !== ""))
    .slice(0, MOST_ROWS);

/** The level of a topic that is most likely a machine's name. */
const nameIn = (topic: string): string => {
  const levels = topic.split("/").map((level) => level.replace(/[^A-Za-z0-9._-]+/g, "-").replace(/^[^A-Za-z0-9]+|-+$/g, ""));
  return (levels.findLast((level) => /\d/.test(level)) ?? levels.at(-1) ?? "").slice(0, 64);
};

export const MapForm = ({
  topic,
  fields,
  onSaved,
  onCancel,
}: {
  readonly topic: Topic;
  readonly fields: InboxAnswer["fields"];
  readonly onSaved: (rig: string) => void;
  readonly onCancel: () => void;
}): ReactNode => {
  const { ask } = useSite();
  const [badge, setBadge] = useBadge();
  const [filter, setFilter] = useState(topic.topic);
  const [rig, setRig] = useState(() => nameIn(topic.topic));
  const [as, setAs] = useState<"rig" | "meter">("rig");
  const [rows, setRows] = useState(() => rowsOf(topic));
  const [preview, setPreview] = useState<MappingPreview | null>(null);
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<string | null>(null);
  const change = (at: number, by: Partial<Row>): void => {
    setRows(rows.map((row, i) => (i === at ? { ...row, ...by } : row)));
    setPreview(null);
  };
  const mapping = () => ({
    topic: filter,
    rig,
    as,
    fields: rows
      .filter(({ field, path }) => field !== "" && path !== "")
      .map(({ path, field, factor }) => ({ path, field, factor: Number(factor.trim().replace(",", ".")) })),
  });
  const attempt = async (work: (told: ReturnType<typeof mapping>) => Promise<void>): Promise<void> => {
    const told = mapping();
    if (told.fields.length === 0) return setTrouble(text.noField);
    if (told.fields.some(({ factor }) => !Number.isFinite(factor) || factor === 0)) return setTrouble(text.badFactor);
    setBusy(true);
    setTrouble(null);
    try {
      await work(told);
    } catch (error) {
      setTrouble(failureOf(error).message);
    }
    setBusy(false);
  };
  const show = (): Promise<void> =>
    attempt(async (told) => setPreview(await ask.post<MappingPreview>({ route: ROUTES.previewMapping }, told)));
  const save = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (badge.trim() === "") return setTrouble(text.noBadge);
    await attempt(async (told) => {
      await ask.post({ route: ROUTES.inbox }, { ...told, by: badge.trim() });
      onSaved(rig);
    });
  };
  const left = topic.guesses.length - MOST_ROWS;
  return (
    <form className="settings-form" aria-label={text.formTitle} onSubmit={(event) => void save(event)} noValidate>
      <div className="form-row">
        <TextInput
          label={text.topic}
          description={text.topicHint}
          value={filter}
          maxLength={300}
          onChange={(event) => {
            setFilter(event.currentTarget.value.trim());
            setPreview(null);
          }}
        />
        <NativeSelect
          label={text.as}
          description={"\u00a0"}
          value={as}
          data={[
            { value: "rig", label: text.kinds.rig },
            { value: "meter", label: text.kinds.meter },
          ]}
          onChange={(event) => {
            setAs(event.currentTarget.value as "rig" | "meter");
            setPreview(null);
          }}
        />
        <TextInput
          label={text.name}
          description={text.nameHint}
          value={rig}
          maxLength={64}
          autoComplete="off"
          onChange={(event) => {
            setRig(event.currentTarget.value.trim());
            setPreview(null);
          }}
        />
      </div>
      <details className="map-sample">
        <summary>{text.sample}</summary>
        <ScrollX label={text.sample} className="map-json">
          <pre>{topic.sample ?? text.noSample}</pre>
        </ScrollX>
      </details>
      <MapRows rows={rows} fields={fields} onChange={change} />
      <p className="quiet">
        {text.factorHint} {left > 0 ? text.tooMany(left) : ""}
      </p>
      <div className="row wrap">
        <Button
          size="compact-sm"
          variant="default"
          onClick={() => setRows([...rows, { path: "$.", now: null, field: "", factor: "1", free: true }])}
        >
          {text.more}
        </Button>
      </div>
      {preview === null ? null : <MapPreview preview={preview} />}
      <div className="form-row">
        <TextInput
          label={text.by}
          value={badge}
          maxLength={64}
          autoComplete="off"
          onChange={(event) => setBadge(event.currentTarget.value)}
        />
        <div className="row wrap">
          <Button variant="default" loading={busy} onClick={() => void show()}>
            {text.preview}
          </Button>
          <Button type="submit" loading={busy}>
            {text.save}
          </Button>
          <Button variant="subtle" color="gray" c="inherit" onClick={onCancel}>
            {say.cancel}
          </Button>
        </div>
      </div>
      {trouble === null ? null : (
        <p className="bad" role="alert">
          {trouble}
        </p>
      )}
    </form>
  );
};
