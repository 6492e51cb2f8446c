import { Button, Modal, TextInput } from "@mantine/core";
import { useState, type FormEvent, type ReactNode } from "react";
import { fromField, toField, zone } from "../format.ts";
import { useNow, useSite, useViewClock } from "../site.tsx";
import { say } from "../texts.ts";
import { RANGES, RANGE_OPTIONS, Segments, type RangeName } from "./segments.tsx";

const LONGEST_MS = 31 * 86_400_000;

/** Chooses the past to look at. */
const ReplayWindow = ({ onClose }: { readonly onClose: () => void }): ReactNode => {
  const { watchReplay } = useSite();
  const clock = useViewClock();
  const now = useNow() ?? 0;
  const [range, setRange] = useState<RangeName>("1h");
  const [from, setFrom] = useState(() => toField(clock?.from ?? now - RANGES["1h"]));
  const [to, setTo] = useState(() => toField(clock?.to ?? now));
  const [speed, setSpeed] = useState("10");
  const [trouble, setTrouble] = useState<string | null>(null);
  const quick = (name: RangeName): void => {
    setRange(name);
    const end = clock?.view === "live" ? now : (clock?.to ?? now);
    setFrom(toField(end - RANGES[name]));
    setTo(toField(end));
  };
  const start = (event: FormEvent): void => {
    event.preventDefault();
    const [first, last] = [fromField(from), fromField(to)];
    if (first === null || last === null || last <= first) return setTrouble(say.replay.invalid);
    if (last - first > LONGEST_MS) return setTrouble(say.replay.long);
    watchReplay(first, last, Number(speed));
    onClose();
  };
  return (
    <Modal opened onClose={onClose} withCloseButton={false} attributes={{ content: { "aria-label": say.replay.title } }} centered>
      <form className="stack" onSubmit={start}>
        <h2 className="section">{say.replay.title}</h2>
        <p className="quiet">{say.replay.lead}</p>
        <div className="row">
          <span className="quiet">{say.replay.quick}</span>
          <Segments label={say.replay.quick} value={range} options={RANGE_OPTIONS} onChange={quick} />
        </div>
        <TextInput
          type="datetime-local"
          step={1}
          label={say.replay.from}
          value={from}
          onChange={(event) => setFrom(event.currentTarget.value)}
          required
          withAsterisk={false}
        />
        <TextInput
          type="datetime-local"
          step={1}
          label={say.replay.to}
          value={to}
          onChange={(event) => setTo(event.currentTarget.value)}
          required
          withAsterisk={false}
          error={trouble}
        />
        <p className="faint" style={{ fontSize: "0.75rem" }}>
          {say.replay.zone(zone(now))}
        </p>
        <div className="row">
          <span className="quiet">{say.replay.speed}</span>
          <Segments
            label={say.replay.speed}
            value={speed}
            options={["1", "10", "100"].map((value) => ({ value, label: `${value}×` }))}
            onChange={setSpeed}
          />
        </div>
        <div className="row" style={{ justifyContent: "end" }}>
          <Button variant="default" onClick={onClose}>
            {say.cancel}
          </Button>
          <Button type="submit" color="copper">
            {say.replay.start}
          </Button>
        </div>
      </form>
    </Modal>
  );
};
export default ReplayWindow;
