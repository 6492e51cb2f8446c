/** The verifier that is saved to a disk: one file, which asks nobody but the node its reader names. */
import { IconFileCertificate } from "@tabler/icons-react";
import { useEffect, useId, useRef, useState, type ReactNode } from "react";
import { createRoot } from "react-dom/client";
import { energyKwh, together } from "../format.ts";
import { Mark } from "../parts/mark.tsx";
import { Proof, Worth } from "../parts/proof.tsx";
import { chainName } from "../proof/chains.ts";
import { fileText as text } from "../proof/texts.ts";
import { hashes } from "../twin-days.ts";
import { readBundle, type Claim } from "./file.ts";
import "../look/tokens.css";
import "../look/base.css";
import "../look/proof.css";
import "./verifier.css";

const plain = (value: unknown): string =>
  typeof value === "string" || typeof value === "number" ? String(value).slice(0, 200) : text.none;
const numberIn = (value: unknown): number => (typeof value === "number" && Number.isFinite(value) ? value : 0);

const Says = ({ claim }: { readonly claim: Claim }): ReactNode => {
  const { identity, chain, days } = claim;
  const made =
    typeof claim.madeTs === "number" && Math.abs(claim.madeTs) < 8e15
      ? `${new Date(claim.madeTs).toISOString().slice(0, 16).replace("T", " ")} UTC`
      : text.none;
  const name = typeof chain?.chainId === "number" ? chainName(chain.chainId) : null;
  const pairs: readonly (readonly [string, string])[] = [
    [text.machine, `${plain(identity?.make)} ${plain(identity?.model)}`],
    [text.serial, plain(identity?.serial)],
    [text.token, `#${plain(claim.tokenId)}`],
    [text.site, `${plain(claim.site)} / ${plain(claim.rig)}`],
    [
      text.chain,
      `${plain(chain?.chainId)}${name === null ? "" : ` · ${name}`}${chain?.local === true ? ` (${text.local})` : ""}, ${plain(chain?.contract)}`,
    ],
    [text.days, days.length === 0 ? text.none : `${days.length}: ${plain(days[0]?.date)} – ${plain(days.at(-1)?.date)}`],
    [text.delivered, together(hashes(days.reduce((sum, { totals }) => sum + numberIn(totals?.deliveredThH), 0)))],
    [text.energy, together(energyKwh(days.reduce((sum, { totals }) => sum + numberIn(totals?.energyKwh), 0)))],
    [text.made, made],
  ];
  return (
    <section className="card" aria-label={text.says}>
      <h2>{text.says}</h2>
      <p className="quiet">{text.saysMore}</p>
      <dl className="claim">
        {pairs.map(([term, value]) => (
          <div key={term}>
            <dt>{term}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
};

const Drop = ({
  name,
  says,
  isBusy,
  onFiles,
}: {
  readonly name: string | null;
  readonly says: string | null;
  readonly isBusy: boolean;
  readonly onFiles: (files: readonly File[]) => void;
}): ReactNode => {
  const [isOver, setOver] = useState(false);
  const id = useId();
  const heard = useRef(onFiles);
  heard.current = onFiles;
  // Anywhere on the page: a file dropped beside the box must not replace the page.
  useEffect(() => {
    const over = (event: DragEvent): void => {
      event.preventDefault();
      setOver(true);
    };
    const left = (event: DragEvent): void => {
      if (event.relatedTarget === null) setOver(false);
    };
    const dropped = (event: DragEvent): void => {
      event.preventDefault();
      setOver(false);
      const files = [...(event.dataTransfer?.files ?? [])];
      if (files.length > 0) heard.current(files);
    };
    window.addEventListener("dragover", over);
    window.addEventListener("dragleave", left);
    window.addEventListener("drop", dropped);
    return () => {
      window.removeEventListener("dragover", over);
      window.removeEventListener("dragleave", left);
      window.removeEventListener("drop", dropped);
    };
  }, []);
  return (
    <section className="drop" aria-label={text.drop} data-over={isOver}>
      <IconFileCertificate size={28} aria-hidden />
      <strong>{name ?? text.drop}</strong>
      <span className="pick">
        <input
          id={id}
          type="file"
          accept="application/json,.json"
          onChange={(event) => {
            onFiles([...(event.currentTarget.files ?? [])]);
            event.currentTarget.value = "";
          }}
        />
        <label htmlFor={id} className="button">
          {name === null ? text.choose : text.change}
        </label>
      </span>
      {isBusy ? <p role="status">{text.reading}</p> : null}
      {says === null ? (
        <p className="quiet">{text.kinds}</p>
      ) : (
        <p className="bad" role="alert">
          {says}
        </p>
      )}
    </section>
  );
};

const Verifier = (): ReactNode => {
  const [chosen, setChosen] = useState<{ readonly name: string; readonly claim: Claim; readonly round: number } | null>(null);
  const [says, setSays] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  const round = useRef(0);
  const take = async (files: readonly File[]): Promise<void> => {
    const [file] = files;
    if (file === undefined) return;
    const own = ++round.current;
    setChosen(null);
    setSays(files.length > 1 ? text.several : null);
    if (files.length > 1) return;
    setBusy(true);
    const read = await readBundle(file);
    if (own !== round.current) return;
    setBusy(false);
    if (read.ok) setChosen({ name: file.name, claim: read.evidence, round: own });
    else setSays(read.says);
  };
  return (
    <main>
      <header>
        <Mark size={30} />
        <h1>{text.title}</h1>
      </header>
      <p className="lead">{text.lead}</p>
      <Drop name={chosen?.name ?? null} says={says} isBusy={isBusy} onFiles={(files) => void take(files)} />
      {chosen === null ? null : (
        <>
          <Says claim={chosen.claim} />
          <section className="card stack" aria-label={text.verify}>
            <h2>{text.verify}</h2>
            <Proof
              key={chosen.round}
              evidence={() => Promise.resolve(chosen.claim)}
              expected={{}}
              shown={null}
              farmNode={null}
              isFarmPage={false}
              asksToken
            />
          </section>
        </>
      )}
      <section className="card stack" aria-label={text.worth}>
        <h2>{text.worth}</h2>
        <Worth />
      </section>
    </main>
  );
};

const wish = matchMedia("(prefers-color-scheme: light)");
const dress = (): void => document.documentElement.setAttribute("data-mantine-color-scheme", wish.matches ? "light" : "dark");
wish.addEventListener("change", dress);
dress();
const root = document.getElementById("root");
if (root !== null) createRoot(root).render(<Verifier />);
