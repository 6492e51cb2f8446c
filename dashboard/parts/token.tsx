import { Button, TextInput } from "@mantine/core";
import { IconCircleCheck, IconCircleX, IconClock, IconShieldCheck } from "@tabler/icons-react";
import { useState, type FormEvent, type ReactNode } from "react";
import { Link } from "wouter";
import type { ChainInfo } from "../../server/twin/api.ts";
import type { TwinRecord } from "../../server/twin/record.ts";
import type { Twin } from "../../server/twin/twin.ts";
import { ROUTES } from "../../server/twin/wire.ts";
import { short } from "../format.ts";
import { failureOf, useAnswer, useSite } from "../site.tsx";
import { say } from "../texts.ts";
import type { RecordCheck, Verification } from "../verify.ts";
import { Panel } from "./panel.tsx";
import { toned } from "./value.tsx";

const text = say.token;
const Good = (): ReactNode => <IconCircleCheck size={16} color="var(--state-hashing)" aria-label={text.good} />;
const Bad = (): ReactNode => <IconCircleX size={16} color="var(--state-fault)" aria-label={text.bad} />;

const Line = ({ check }: { readonly check: RecordCheck }): ReactNode => {
  const wrong = [check.text, check.link, check.chain.state === "wrong" ? check.chain.reason : null].filter((reason) => reason !== null);
  const mark =
    wrong.length > 0 ? (
      <Bad />
    ) : check.chain.state === "recorded" ? (
      <Good />
    ) : (
      <IconClock size={16} color="var(--state-low)" aria-label={text.waiting} />
    );
  return (
    <li className="verdict-line" data-bad={wrong.length > 0}>
      {mark}
      <span>
        <b>{say.records.number(check.number)}</b> <span className="mono faint">{short(check.hash, 6)}</span>{" "}
        {wrong.length > 0
          ? wrong.join("; ")
          : check.chain.state === "recorded"
            ? text.recorded(check.chain.blockNumber)
            : check.chain.state === "waiting"
              ? text.notYet
              : text.unasked}
      </span>
    </li>
  );
};

const Verdict = ({ outcome, address }: { readonly outcome: Verification; readonly address: string }): ReactNode => (
  <div className="verdict" role="status" style={toned(outcome.ok ? "state-hashing" : "state-fault")}>
    <strong>
      {outcome.ok ? <Good /> : <Bad />} {outcome.ok ? text.holds(outcome.records.length) : text.fails}
    </strong>
    <ul>
      {outcome.whole.map(({ ok, says }) => (
        <li key={says} className="verdict-line" data-bad={!ok}>
          {ok ? <Good /> : <Bad />}
          <span>{says}</span>
        </li>
      ))}
      {outcome.records.map((check) => (
        <Line key={check.hash} check={check} />
      ))}
    </ul>
    <p className="faint">
      {text.askedAt} <span className="mono">{address}</span>
    </p>
  </div>
);

/** The token, and the button that lets anybody check the service book against the chain. */
export const Token = ({ twin, records }: { readonly twin: Twin; readonly records: readonly TwinRecord[] }): ReactNode => {
  const { ask } = useSite();
  const chain = useAnswer<ChainInfo>({ route: ROUTES.chain }, 30_000);
  const [address, setAddress] = useState<string>(ROUTES.rpc);
  const [busy, setBusy] = useState(false);
  const [outcome, setOutcome] = useState<Verification | null>(null);
  const [trouble, setTrouble] = useState<string | null>(null);
  const check = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    setOutcome(null);
    setTrouble(null);
    try {
      const { verify } = await import("../verify.ts");
      setOutcome(
        await verify({
          site: twin.site,
          rig: twin.rig,
          identity: twin.identity,
          tokenId: twin.tokenId,
          records,
          chain: chain.data,
          call: (method, parameters) => ask.rpc(address.trim(), method, parameters),
        }),
      );
    } catch (error) {
      setTrouble(`${text.cannotAsk} ${failureOf(error).message}`);
    }
    setBusy(false);
  };
  const info = chain.data;
  const registration = records.find(({ body }) => body.kind === "registration");
  const own = address.trim() === ROUTES.rpc;
  return (
    <Panel title={text.title} note={info === null ? undefined : text.chainNote(info.chainId, info.blockNumber)}>
      <dl className="pairs">
        <div className="pair">
          <dt>{text.token}</dt>
          <dd>
            {twin.tokenId === null ? (
              text.none
            ) : (
              <>
                #{twin.tokenId} · <Link to={`/twin/${twin.tokenId}`}>{text.publicPage}</Link>
              </>
            )}
          </dd>
        </div>
        <div className="pair">
          <dt>{text.contract}</dt>
          <dd className="mono wrap">{info?.contract ?? (chain.failure === null ? "…" : chain.failure.message)}</dd>
        </div>
        <div className="pair">
          <dt>{text.chain}</dt>
          <dd>{info === null ? "…" : `${info.chainId}${info.local ? ` · ${text.local}` : ""}${info.away ? ` · ${text.away}` : ""}`}</dd>
        </div>
        <div className="pair">
          <dt>{text.tx}</dt>
          <dd className="mono wrap">
            {(registration?.txHash ?? null) === null ? (
              say.missing
            ) : (
              <span title={registration?.txHash ?? ""}>{short(registration?.txHash ?? "", 10)}</span>
            )}
          </dd>
        </div>
      </dl>
      <form className="verify" onSubmit={(event) => void check(event)}>
        <TextInput
          className="grow"
          label={text.rpc}
          value={address}
          onChange={(event) => setAddress(event.currentTarget.value)}
          spellCheck={false}
          autoComplete="off"
        />
        <Button
          type="submit"
          loading={busy}
          leftSection={<IconShieldCheck size={16} />}
          disabled={records.length === 0 || address.trim() === ""}
        >
          {text.verify}
        </Button>
      </form>
      <p className={own && info?.local !== false ? "warm" : "quiet"} style={{ fontSize: "0.75rem" }}>
        {own ? (info?.local === false ? text.ownNode : text.ownLocal) : text.yourNode}
      </p>
      {trouble === null ? null : (
        <p className="bad" role="alert">
          {trouble}
        </p>
      )}
      {outcome === null ? null : <Verdict outcome={outcome} address={address} />}
      <div className="proves">
        <div>
          <h3>{text.provesTitle}</h3>
          <ul>
            {text.proves.map((line) => (
              <li key={line}>{line}</li>
            ))}
          </ul>
        </div>
        <div>
          <h3>{text.notTitle}</h3>
          <ul>
            {text.not.map((line) => (
              <li key={line}>{line}</li>
            ))}
          </ul>
        </div>
      </div>
    </Panel>
  );
};
