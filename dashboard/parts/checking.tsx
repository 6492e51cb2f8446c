/** Verify on a twin's page: what is fetched for it, and how to do the same without this page. */
import { IconDownload } from "@tabler/icons-react";
import { useEffect, useState, type ReactNode } from "react";
import type { Bundle, DayLine, SignedPage } from "../../server/twin/bundle.ts";
import { ROUTES } from "../../server/twin/wire.ts";
import { fetchEvidence, withSigned } from "../proof/evidence.ts";
import { proofText } from "../proof/texts.ts";
import { failureOf, useSite } from "../site.tsx";
import { twinText as text } from "../texts-twin.ts";
import { DAY_MS } from "../../server/twin/days.ts";
import { utcDay } from "../format.ts";
import { Panel } from "./panel.tsx";
import { Copy, type Passport } from "./passport.tsx";
import { Proof, Worth, type ProofProps } from "./proof.tsx";
import { ScrollX } from "./scroll-x.tsx";

/** The fingerprint that the build wrote beside the saved verifier; null while it is not known, "" where there is none. */
const useFingerprint = (): string | null => {
  const [fingerprint, setFingerprint] = useState<string | null>(null);
  useEffect(() => {
    const aborter = new AbortController();
    fetch("/verify.html.sha256.txt", { signal: aborter.signal })
      .then((response) => response.text())
      .then(
        (body) => setFingerprint(/^[0-9a-f]{64}/.exec(body)?.[0] ?? ""),
        () => setFingerprint(""),
      );
    return () => aborter.abort();
  }, []);
  return fingerprint;
};

const WithoutUs = ({ bundleAddress, tokenId }: { readonly bundleAddress: string; readonly tokenId: number }): ReactNode => {
  const fingerprint = useFingerprint();
  return (
    <Panel title={text.without}>
      <div className="stack">
        <p>{text.withoutLead}</p>
        {fingerprint === "" ? (
          <p className="warm">{text.noFingerprint}</p>
        ) : (
          <div className="row">
            <a className="button" href="/verify.html" download="rigtwin-verify.html">
              <IconDownload size={16} aria-hidden /> {text.saveVerifier}
            </a>
            <a className="button" href={bundleAddress} download={`twin-${tokenId}.json`}>
              <IconDownload size={16} aria-hidden /> {text.saveBundle}
            </a>
          </div>
        )}
        {fingerprint === null || fingerprint === "" ? null : (
          <p>
            <span className="quiet">{text.fingerprint}</span> <span className="mono wrap">{fingerprint}</span>{" "}
            <Copy what={text.fingerprint} value={fingerprint} />
          </p>
        )}
        <div>
          <p className="quiet">{text.terminal}</p>
          <ScrollX label={text.terminal} className="command">
            <code>{`npm run -s verify -- twin-${tokenId}.json --rpc https://… --contract 0x… --token ${tokenId}`}</code>
          </ScrollX>
        </div>
      </div>
    </Panel>
  );
};

const DEPTHS = { newest: 1, month: 31, none: 0 } as const;
type Depth = keyof typeof DEPTHS;

/** Of how many days the gateways' signatures are fetched. */
const DepthField = ({
  id,
  value,
  onChange,
}: {
  readonly id: string;
  readonly value: Depth;
  readonly onChange: (value: Depth) => void;
}): ReactNode => (
  <div className="field">
    <label htmlFor={id}>{proofText.signatures}</label>
    <select id={id} value={value} onChange={(event) => onChange(event.currentTarget.value as Depth)} aria-describedby={`${id}-says`}>
      {Object.keys(DEPTHS).map((depth) => (
        <option key={depth} value={depth}>
          {proofText.signaturesOf[depth as Depth]}
        </option>
      ))}
    </select>
    <small id={`${id}-says`} className="quiet">
      {proofText.signaturesHint}
    </small>
  </div>
);

/** The newest days of which a gateway signed something. */
const signedDaysOf = ({ days }: Bundle, most: number): number[] =>
  most === 0
    ? []
    : days
        .filter(({ rows }) => rows.some(({ signed }) => signed > 0))
        .slice(-most)
        .map(({ day }) => day);

/** Verify, over the days that are shown. */
export const Checking = ({ passport, lines }: { readonly passport: Passport; readonly lines: readonly DayLine[] }): ReactNode => {
  const { ask, addressOf } = useSite();
  const { tokenId, chain, records, twin, owner } = passport;
  const [depth, setDepth] = useState<Depth>("newest");
  const first = lines[0];
  const last = lines.at(-1);
  if (first === undefined || last === undefined) return null;
  const query = (from: number, to: number) => ({ route: ROUTES.bundle, parameters: { tokenId }, query: { from, to } });
  const fetchSigned = async (day: number, after: number, signal: AbortSignal): Promise<SignedPage | null> => {
    try {
      return await ask.get<SignedPage>(
        { route: ROUTES.signed, parameters: { tokenId, day: utcDay(day * DAY_MS) }, query: { after } },
        signal,
      );
    } catch (error) {
      if (failureOf(error).code === "NOT_FOUND") return null;
      throw error;
    }
  };
  const evidence: ProofProps["evidence"] = async (tell, signal) => {
    const bundle = await fetchEvidence((from, to, stop) => ask.get<Bundle>(query(from, to), stop), first.day, last.day, tell, signal);
    return withSigned(bundle, signedDaysOf(bundle, DEPTHS[depth]), fetchSigned, tell, signal);
  };
  return (
    <>
      <Panel title={text.verify} note={text.verifyRange(lines.length, first.date, last.date)}>
        <div className="stack">
          <p>{text.verifyLead}</p>
          {lines.every(({ root }) => root === null) ? (
            <p className="warm">
              {text.noneAnchored}. {text.noneAnchoredMore(first.date)}
            </p>
          ) : null}
          <Proof
            key={`${first.day} ${last.day}`}
            evidence={evidence}
            expected={{ tokenId }}
            shown={{ days: lines, records, identity: twin.identity, owner }}
            farmNode={chain.local ? ROUTES.rpc : null}
            isFarmPage
            asksToken={false}
            more={(id) => <DepthField id={id} value={depth} onChange={setDepth} />}
          />
          <Worth />
        </div>
      </Panel>
      <WithoutUs bundleAddress={addressOf(query(first.day * DAY_MS, (last.day + 1) * DAY_MS))} tokenId={tokenId} />
    </>
  );
};
