import { Button } from "@mantine/core";
import { IconCircleCheck, IconCircleX, IconClock, IconShieldCheck } from "@tabler/icons-react";
import { useEffect, useRef, useState, type ReactNode } from "react";
import { Link } from "wouter";
import type { ChainInfo } from "../../server/twin/api.ts";
import type { TwinRecord } from "../../server/twin/record.ts";
import type { Twin } from "../../server/twin/twin.ts";
import { ROUTES } from "../../server/twin/wire.ts";
import { short } from "../format.ts";
import { failureOf, useAnswer, useSite } from "../site.tsx";
import { workText } from "../texts-work.ts";
import { say } from "../texts.ts";
import { Way } from "./records.tsx";

const text = workText.order;
const SETTLING_MS = 1_500;

type Judged = { readonly tone: "good" | "wait" | "bad"; readonly says: string };

/** A record that closing an order sealed: how far it has come, and a check of it in the reader's own browser. */
export const OrderRecord = ({ rig, hash }: { readonly rig: string; readonly hash: string | null }): ReactNode => {
  const { ask } = useSite();
  const [settled, setSettled] = useState(false);
  const book = useAnswer<{ readonly records: readonly TwinRecord[] }>(
    { route: ROUTES.records, parameters: { rig } },
    settled ? null : SETTLING_MS,
  );
  const [busy, setBusy] = useState(false);
  const [judged, setJudged] = useState<Judged | null>(null);
  const record = book.data?.records.find((one) => one.hash === hash) ?? null;
  const isSettled = record?.status === "final" || record?.status === "refused";
  if (isSettled !== settled) setSettled(isSettled);
  const check = async (): Promise<void> => {
    setBusy(true);
    try {
      const parameters = { rig };
      const [{ verify }, twin, chain, { records }] = await Promise.all([
        import("../verify.ts"),
        ask.get<Twin>({ route: ROUTES.rig, parameters }),
        ask.get<ChainInfo>({ route: ROUTES.chain }),
        ask.get<{ readonly records: readonly TwinRecord[] }>({ route: ROUTES.records, parameters }),
      ]);
      const outcome = await verify({
        site: twin.site,
        rig,
        identity: twin.identity,
        tokenId: twin.tokenId,
        records,
        chain,
        call: (method, list) => ask.rpc(ROUTES.rpc, method, list),
      });
      const own = records.find((one) => one.hash === hash);
      setJudged(
        outcome.verdict === "failed" || own === undefined
          ? { tone: "bad", says: text.failed }
          : outcome.verdict === "verified" && own.blockNumber !== null
            ? { tone: "good", says: text.verified(own.body.number, own.blockNumber) }
            : { tone: "wait", says: text.waitingChain(own.body.number) },
      );
    } catch (error) {
      setJudged({ tone: "bad", says: failureOf(error).message });
    }
    setBusy(false);
  };
  // Whoever waits for it to be final wants to see it verified: that needs no click. What was final before is checked when asked for.
  const awaited = useRef(false);
  const begin = useRef(check);
  useEffect(() => {
    begin.current = check;
  });
  useEffect(() => {
    if (book.data === null) return;
    if (!isSettled) awaited.current = true;
    else if (awaited.current) {
      awaited.current = false;
      void begin.current();
    }
  }, [book.data, isSettled]);
  if (record === null) return <li className="record quiet">{text.sealing(rig)}</li>;
  return (
    <li className="record">
      <div className="row apart">
        <span>
          <Link to={`/rigs/${encodeURIComponent(rig)}#token`}>
            <b>{rig}</b>
          </Link>{" "}
          <span className="faint">
            {say.records.number(record.body.number)} · <span className="mono">{short(record.hash, 8)}</span>
          </span>
        </span>
        <span className="row">
          <Way record={record} />
          <Button
            size="compact-xs"
            variant="default"
            loading={busy}
            leftSection={<IconShieldCheck size={14} />}
            onClick={() => void check()}
          >
            {text.verify}
          </Button>
        </span>
      </div>
      {judged === null ? null : (
        <p className="row tight" role="status">
          {judged.tone === "good" ? (
            <IconCircleCheck size={16} color="var(--state-hashing)" aria-hidden />
          ) : judged.tone === "wait" ? (
            <IconClock size={16} color="var(--state-low)" aria-hidden />
          ) : (
            <IconCircleX size={16} color="var(--state-fault)" aria-hidden />
          )}
          <span className="grow">{judged.says}</span>
        </p>
      )}
    </li>
  );
};
