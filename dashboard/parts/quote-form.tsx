import { Button, NativeSelect, TextInput } from "@mantine/core";
import { useState, type FormEvent, type ReactNode } from "react";
import type { QuoteKind } from "../../server/twin/usage/quotes.ts";
import { ROUTES } from "../../server/twin/wire.ts";
import { iso } from "../format.ts";
import { failureOf, useSite } from "../site.tsx";
import { moneyText } from "../texts-money.ts";
import { workText } from "../texts-work.ts";
import { useBadge } from "./badge.ts";

const text = moneyText.form;
const KINDS = ["hashprice", "power", "carbon"] as const satisfies readonly QuoteKind[];

interface Line {
  readonly fromTs: number;
  readonly value: number;
}
/** Lines `2026-11-24,45.20`; a heading is passed over. Gives the number of the first line that is neither. */
const linesIn = (content: string): readonly Line[] | number => {
  const lines: Line[] = [];
  for (const [i, line] of content.split(/\r?\n/).entries()) {
    if (line.trim() === "") continue;
    const [date = "", value = ""] = line.split(/[,;\t]/).map((cell) => cell.trim().replace(/^"|"$/g, ""));
    const fromTs = /^\d{4}-\d{2}-\d{2}/.test(date) ? Date.parse(date.length === 10 ? `${date}T00:00:00Z` : date) : NaN;
    if (Number.isFinite(fromTs) && value !== "" && Number(value) >= 0) lines.push({ fromTs, value: Number(value) });
    else if (i > 0) return i + 1;
  }
  return lines;
};

/** Enters a hashprice, a tariff or a carbon intensity, with its source. */
export const QuoteForm = ({
  currency: usual,
  now,
  onDone,
}: {
  readonly currency: string;
  readonly now: number;
  readonly onDone: () => void;
}): ReactNode => {
  const { ask } = useSite();
  const [badge, setBadge] = useBadge();
  const [of, setOf] = useState<QuoteKind>("hashprice");
  const [value, setValue] = useState("");
  const [currency, setCurrency] = useState(usual);
  const [from, setFrom] = useState(() => iso(now).slice(0, 10));
  const [source, setSource] = useState("");
  const [file, setFile] = useState<readonly Line[] | null>(null);
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<string | null>(null);
  const read = async (chosen: File | undefined): Promise<void> => {
    setTrouble(null);
    setFile(null);
    if (chosen === undefined) return;
    const lines = linesIn(await chosen.text());
    if (typeof lines === "number") setTrouble(text.badFile(lines));
    else setFile(lines);
  };
  const send = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    const lines = file ?? [{ fromTs: Date.parse(`${from}T00:00:00Z`), value: Number(value) }];
    if (source.trim() === "" || badge.trim() === "" || (file === null && (value.trim() === "" || !(Number(value) >= 0))))
      return setTrouble(text.empty);
    setBusy(true);
    setTrouble(null);
    try {
      await ask.post(
        { route: ROUTES.quotes },
        { of, currency: of === "carbon" ? null : currency, source: source.trim(), by: badge.trim(), lines },
      );
      onDone();
    } catch (error) {
      setTrouble(failureOf(error).message);
    }
    setBusy(false);
  };
  return (
    <form className="stack" aria-label={moneyText.enter} onSubmit={(event) => void send(event)} noValidate>
      <div className="form-row">
        <NativeSelect
          label={text.of}
          data={KINDS.map((each) => ({ value: each, label: moneyText.kinds[each] }))}
          value={of}
          onChange={(event) => setOf(event.currentTarget.value as QuoteKind)}
        />
        <TextInput
          label={`${text.value} (${moneyText.units[of](currency)})`}
          inputMode="decimal"
          value={value}
          disabled={file !== null}
          onChange={(event) => setValue(event.currentTarget.value)}
        />
        {of === "carbon" ? null : (
          <TextInput
            label={text.currency}
            maxLength={5}
            value={currency}
            onChange={(event) => setCurrency(event.currentTarget.value.toUpperCase())}
          />
        )}
        <TextInput
          type="date"
          label={text.from}
          value={from}
          disabled={file !== null}
          onChange={(event) => setFrom(event.currentTarget.value)}
        />
      </div>
      <div className="form-row">
        <TextInput
          label={text.source}
          description={text.sourceMeans}
          maxLength={120}
          value={source}
          onChange={(event) => setSource(event.currentTarget.value)}
        />
        <TextInput
          label={workText.form.by}
          description={workText.form.pseudonym}
          maxLength={64}
          autoComplete="off"
          value={badge}
          onChange={(event) => setBadge(event.currentTarget.value)}
        />
        <label className="stack" style={{ gap: 4 }}>
          <span>{text.file}</span>
          <span className="faint">{file === null ? text.fileMeans : text.read(file.length)}</span>
          <input type="file" accept=".csv,text/csv,text/plain" onChange={(event) => void read(event.currentTarget.files?.[0])} />
        </label>
      </div>
      {trouble === null ? null : (
        <p className="bad" role="alert">
          {trouble}
        </p>
      )}
      <div className="row">
        <Button type="submit" size="xs" loading={busy}>
          {text.send}
        </Button>
      </div>
    </form>
  );
};
