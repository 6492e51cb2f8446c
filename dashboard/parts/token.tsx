import { Button, TextInput } from "@mantine/core";
import { IconShieldCheck } from "@tabler/icons-react";
import { useState, type FormEvent, type ReactNode } from "react";
import { Link } from "wouter";
import type { ChainInfo } from "../../server/twin/api.ts";
import type { TwinRecord } from "../../server/twin/record.ts";
import type { Twin } from "../../server/twin/twin.ts";
import type { Verification } from "../../server/twin/verify.ts";
import { ROUTES } from "../../server/twin/wire.ts";
import { short } from "../format.ts";
import { failureOf, useAnswer, useSite } from "../site.tsx";
import { say } from "../texts.ts";
import { Panel } from "./panel.tsx";
import { Steps } from "./steps.tsx";
import "../look/proof.css";
import { toned } from "./value.tsx";

const text = say.token;
const TONES = { verified: "state-hashing", failed: "state-fault", incomplete: "state-low" } as const;

const Verdict = ({
  outcome: { verdict, steps },
  records,
  address,
}: {
  readonly outcome: Verification;
  readonly records: number;
  readonly address: string;
}): ReactNode => (
  <div className="verdict" role="status" style={toned(TONES[verdict])}>
    <strong>{verdict === "verified" ? text.holds(records) : verdict === "failed" ? text.fails : text.notAll}</strong>
    <Steps steps={steps} />
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
      {outcome === null ? null : <Verdict outcome={outcome} records={records.length} address={address} />}
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
