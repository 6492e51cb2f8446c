import { Button, NativeSelect, NumberInput, TextInput } from "@mantine/core";
import { useState, type FormEvent, type ReactNode } from "react";
import type { Ordered, Planned } from "../../server/twin/commands.ts";
import { ROUTES } from "../../server/twin/wire.ts";
import { lasting } from "../format.ts";
import "../look/picks.css";
import { failureOf, useSite } from "../site.tsx";
import { pickText } from "../texts-pick.ts";
import { say } from "../texts.ts";
import { useBadge } from "./badge.ts";
import { argsOf, SIMPLE, type Simple } from "./command-choice.ts";
import { Panel } from "./panel.tsx";

const text = pickText.commands;
/** Their names fit into one request. */
export const MOST_TOLD = 5_000;
const HELD_SHOWN = 8;
const CHOICES = [...SIMPLE, "power-target"] as const;
type Choice = Simple | "power-target";

/** The same reason once, with how many rigs it holds back. */
const reasonsOf = (held: Planned["held"]): [why: string, rigs: string[]][] => {
  const reasons = new Map<string, string[]>();
  for (const { rig, why } of held) reasons.set(why, [...(reasons.get(why) ?? []), rig]);
  return [...reasons].toSorted(([, a], [, b]) => b.length - a.length);
};

/** One command for many rigs: first who would be told and who not, then the sending. */
export const BulkCommand = ({ rigs, onClose }: { readonly rigs: readonly string[]; readonly onClose: () => void }): ReactNode => {
  const { ask } = useSite();
  const [badge, setBadge] = useBadge();
  const [method, setMethod] = useState<Choice>("pause");
  const [powerW, setPowerW] = useState<string | number>(3_000);
  const [batchSize, setBatchSize] = useState<string | number>(50);
  const [gapS, setGapS] = useState<string | number>(5);
  const [why, setWhy] = useState("");
  const [planned, setPlanned] = useState<{ readonly of: string; readonly plan: Planned } | null>(null);
  const [sent, setSent] = useState<number | null>(null);
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<string | null>(null);
  const order = {
    method,
    args: method === "power-target" ? { powerW: Number(powerW) } : argsOf(method),
    rigs,
    batchSize: Math.max(1, Number(batchSize)),
    gapS: Math.max(0, Number(gapS)),
  };
  // What was planned is what is sent: anything changed since wants another dry run.
  const key = JSON.stringify(order);
  const plan = planned?.of === key ? planned.plan : null;
  const carefully = async (work: () => Promise<void>): Promise<void> => {
    setBusy(true);
    setTrouble(null);
    try {
      await work();
    } catch (error) {
      setTrouble(failureOf(error).message);
    }
    setBusy(false);
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    setSent(null);
    if (plan === null)
      return void carefully(async () => setPlanned({ of: key, plan: await ask.post<Planned>({ route: ROUTES.commandPlan }, order) }));
    void carefully(async () => {
      const { commands } = await ask.post<Ordered>({ route: ROUTES.commands }, { ...order, by: badge.trim(), why: why.trim() });
      setSent(commands.length);
      setPlanned(null);
    });
  };
  const reasons = plan === null ? [] : reasonsOf(plan.held);
  const ready = badge.trim() !== "" && why.trim() !== "";
  return (
    <Panel
      title={text.title(rigs.length)}
      tools={
        <Button size="compact-sm" variant="default" onClick={onClose}>
          {say.close}
        </Button>
      }
    >
      {rigs.length > MOST_TOLD ? (
        <p className="warm">{text.most(MOST_TOLD)}</p>
      ) : (
        <form className="stack" onSubmit={submit}>
          <div className="row form-line">
            <NativeSelect
              size="xs"
              label={say.commands.command}
              value={method}
              data={CHOICES.map((value) => ({ value, label: say.commands.methods[value] }))}
              onChange={(event) => setMethod(event.currentTarget.value as Choice)}
            />
            {method === "power-target" ? (
              <NumberInput size="xs" label="W" w={110} min={1} max={30_000} value={powerW} onChange={setPowerW} />
            ) : null}
            <NumberInput size="xs" label={text.batch} w={120} min={1} max={50_000} value={batchSize} onChange={setBatchSize} />
            <NumberInput size="xs" label={text.gap} w={170} min={0} max={3_600} value={gapS} onChange={setGapS} />
            <TextInput
              size="xs"
              label={say.commands.why}
              value={why}
              maxLength={300}
              onChange={(event) => setWhy(event.currentTarget.value)}
            />
            <TextInput
              size="xs"
              label={say.commands.by}
              value={badge}
              maxLength={64}
              autoComplete="off"
              onChange={(event) => setBadge(event.currentTarget.value)}
            />
            <Button size="xs" type="submit" loading={busy} disabled={plan !== null && (plan.affected.length === 0 || !ready)}>
              {plan === null ? text.dryRun : text.send(plan.affected.length)}
            </Button>
          </div>
          <div role="status">
            {plan === null ? null : (
              <>
                <p>
                  {plan.affected.length === 0
                    ? text.none
                    : text.would(plan.affected.length, plan.lastsS > 0 ? lasting(plan.lastsS * 1_000) : "")}{" "}
                  <span className="faint">{text.planned}</span>
                </p>
                {reasons.length === 0 ? null : (
                  <>
                    <p className="warm">{text.held(plan.held.length)}</p>
                    <ul className="order-lines">
                      {reasons.slice(0, HELD_SHOWN).map(([reason, held]) => (
                        <li key={reason}>
                          {held.length} · {reason} <span className="faint">{held.slice(0, 4).join(", ")}</span>
                        </li>
                      ))}
                    </ul>
                  </>
                )}
              </>
            )}
            {sent === null ? null : <p>{text.sent(sent)}</p>}
          </div>
          {trouble === null ? null : (
            <p className="bad" role="alert">
              {trouble}
            </p>
          )}
        </form>
      )}
    </Panel>
  );
};
