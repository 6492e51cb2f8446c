/** Who a twin is, whose it is, and what became of it so far. */
import { IconCheck, IconCopy } from "@tabler/icons-react";
import { useState, type ReactNode } from "react";
import type { TwinPassport } from "../../server/twin/api.ts";
import type { TwinRecord } from "../../server/twin/record.ts";
import type { Twin } from "../../server/twin/twin.ts";
import { MISSING, count, hashrate, power, together, utcDay, utcMinute } from "../format.ts";
import { chainName } from "../proof/chains.ts";
import { say } from "../texts.ts";
import { twinText as text } from "../texts-twin.ts";
import { stagesOf } from "../twin-days.ts";
import { Panel } from "./panel.tsx";

/** As the API gives it. */
export type Passport = Omit<TwinPassport, "twin" | "records"> & { readonly twin: Twin; readonly records: readonly TwinRecord[] };

const COPIED_MS = 1_500;

/** Copies a text; where the browser forbids that, the text can still be marked by hand. */
export const Copy = ({ what, value }: { readonly what: string; readonly value: string }): ReactNode => {
  const [done, setDone] = useState(false);
  const copy = (): void => {
    navigator.clipboard?.writeText(value).then(
      () => {
        setDone(true);
        setTimeout(() => setDone(false), COPIED_MS);
      },
      () => undefined,
    );
  };
  // Over plain http from another machine a browser gives no clipboard.
  if (!("clipboard" in navigator)) return null;
  const Icon = done ? IconCheck : IconCopy;
  return (
    <button type="button" className="copy" onClick={copy} aria-label={done ? text.copied : text.copyThis(what)}>
      <Icon size={14} aria-hidden />
    </button>
  );
};

const Pair = ({
  name,
  mono = false,
  children,
}: {
  readonly name: string;
  readonly mono?: boolean;
  readonly children: ReactNode;
}): ReactNode => (
  <div className="pair">
    <dt>{name}</dt>
    <dd className={mono ? "mono wrap" : "wrap"}>{children}</dd>
  </div>
);

export const Identity = ({ passport: { twin } }: { readonly passport: Passport }): ReactNode => {
  const { identity, nameplate, position, tier } = twin;
  return (
    <Panel title={text.identity} note={`${text.identityNote} · ${say.tiers[tier]}`}>
      <dl className="pairs one">
        <Pair name={text.make}>{[identity.make, identity.model].filter(Boolean).join(" ") || MISSING}</Pair>
        <Pair name={text.machineSerial} mono>
          {identity.serial ?? MISSING}
        </Pair>
        {identity.boardSerials.map((serial, k) => (
          <Pair key={k} name={text.board(k + 1)} mono>
            {serial ?? MISSING}
          </Pair>
        ))}
        <Pair name={text.controlBoard} mono>
          {identity.controlBoardSerial ?? MISSING}
        </Pair>
        <Pair name={text.psu} mono>
          {identity.psuSerial ?? MISSING}
        </Pair>
        <Pair name={text.firmware}>{identity.firmware ?? MISSING}</Pair>
        <Pair name={text.nameplate}>
          {nameplate === null
            ? text.noNameplate
            : text.plate(
                together(hashrate(nameplate.hashrateThs)),
                together(power(nameplate.powerW)),
                `${(nameplate.powerW / nameplate.hashrateThs).toFixed(1)}\u202fJ/TH`,
              )}
        </Pair>
        <Pair name={text.place}>{position === null ? MISSING : say.place(position)}</Pair>
        <Pair name={text.firstSeen}>{utcMinute(twin.firstSeenTs)}</Pair>
      </dl>
    </Panel>
  );
};

export const Ownership = ({ passport }: { readonly passport: Passport }): ReactNode => {
  const { chain, owner, records, tokenId } = passport;
  const registration = records.find(({ body }) => body.kind === "registration") ?? null;
  const name = chainName(chain.chainId);
  return (
    <Panel title={text.ownership} note={text.ownershipNote(chain.blockNumber)}>
      <dl className="pairs one">
        <Pair name={text.token}>#{tokenId}</Pair>
        <Pair name={text.owner} mono>
          {owner === null ? (
            text.ownerUnknown
          ) : (
            <>
              {owner} <Copy what={text.owner} value={owner} />
            </>
          )}
        </Pair>
        <Pair name={text.contract} mono>
          {chain.contract} <Copy what={text.contract} value={chain.contract} />
        </Pair>
        <Pair name={text.chain}>
          {chain.local ? (
            <span className="warm">{text.chainLocal(chain.chainId)}</span>
          ) : (
            `${chain.chainId}${name === null ? "" : ` · ${name}`}`
          )}
        </Pair>
        <Pair name={text.registered}>{registration === null ? text.notYet : utcDay(registration.body.performedTs)}</Pair>
        <Pair name={text.tokenMade} mono>
          {registration?.txHash === undefined || registration.txHash === null ? (
            MISSING
          ) : (
            <>
              {registration.txHash} {registration.blockNumber === null ? "" : `· ${text.block(registration.blockNumber)}`}
            </>
          )}
        </Pair>
      </dl>
      {chain.away ? <p className="warm">{text.away}</p> : null}
    </Panel>
  );
};

export const Life = ({ passport: { records, twin } }: { readonly passport: Passport }): ReactNode => (
  <Panel title={text.life} note={text.lifeNote}>
    <ol className="life">
      {stagesOf(
        records.map(({ body }) => body),
        twin.firstSeenTs,
      ).map(({ name, sinceTs, isNow }) => (
        <li key={name} data-now={isNow} data-known={sinceTs !== null} aria-current={isNow ? "step" : undefined}>
          <i aria-hidden />
          <b>{text.stages[name]}</b>
          <span className="quiet">{sinceTs === null ? text.notYet : isNow ? text.since(utcDay(sinceTs)) : utcDay(sinceTs)}</span>
        </li>
      ))}
    </ol>
    <p className="quiet life-count">
      {say.passport.counts(count(twin.counts.readings), count(twin.counts.duplicates), count(twin.counts.late), count(twin.counts.missed))}{" "}
      <span title={say.tierMeans[twin.tier]}>{text.newestTier(say.tiers[twin.tier])}</span>
    </p>
  </Panel>
);
