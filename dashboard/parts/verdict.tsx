/** What came out of a check, at which block of which chain, and what it is worth there. */
import type { ReactNode } from "react";
import { chainName } from "../proof/chains.ts";
import { countOf, groupsOf } from "../proof/groups.ts";
import type { Outcome } from "../proof/prove.ts";
import { proofText as text } from "../proof/texts.ts";
import { ResultMark } from "./steps.tsx";

interface VerdictProps {
  readonly outcome: Outcome;
  readonly throughFarm: boolean;
  readonly knowsContract: boolean;
}
/** Numbers that development chains use everywhere. */
const DEVELOPMENT = new Set([1_337, 31_337]);

const headOf = (
  { verdict, steps, isLocal }: Outcome,
  isFarms: boolean,
  knowsContract: boolean,
): { readonly tone: string; readonly title: string; readonly more: string } => {
  if (verdict === "failed") return { tone: "failed", title: text.failed(countOf(steps, "failed")), more: text.failedMore };
  if (verdict === "incomplete")
    return { tone: "not-checked", title: text.incomplete(countOf(steps, "not-checked")), more: text.incompleteMore };
  const days = groupsOf(steps).filter(({ isDay }) => isDay).length;
  const passed = countOf(steps, "passed");
  if (isFarms) return { tone: "local", title: isLocal ? text.local : text.verifiedMore(passed, days), more: isLocal ? text.localMore : "" };
  return { tone: "passed", title: knowsContract ? text.verified : text.verifiedNamed, more: text.verifiedMore(passed, days) };
};

export const Verdict = ({ outcome, throughFarm, knowsContract }: VerdictProps): ReactNode => {
  const { asked, verdict, isLocal } = outcome;
  const { chainId, contract, block } = asked;
  const name = chainId === null ? null : chainName(chainId);
  const ofFarm = isLocal || (chainId !== null && DEVELOPMENT.has(chainId));
  const { tone, title, more } = headOf({ ...outcome, isLocal: ofFarm }, ofFarm || throughFarm, knowsContract);
  const stated = countOf(outcome.steps, "stated");
  const cautions = [
    verdict === "verified" && stated > 0 ? text.stated(stated) : "",
    verdict !== "verified" && ofFarm ? text.localMore : "",
    throughFarm && !ofFarm ? text.throughFarm : "",
    chainId !== null && name === null && !ofFarm ? text.strange(chainId) : "",
    knowsContract || contract === null ? "" : text.namedByFarm(contract),
  ].filter(Boolean);
  return (
    <div className="judgement" data-tone={tone} role="status">
      <strong>
        <ResultMark result={verdict === "verified" ? "passed" : verdict === "failed" ? "failed" : "not-checked"} size={20} /> {title}
      </strong>
      {more === "" ? null : <p>{more}</p>}
      {cautions.map((line) => (
        <p key={line} className="caution">
          {line}
        </p>
      ))}
      <dl className="asked">
        <div>
          <dt>{text.asked}</dt>
          <dd className="mono">{asked.node}</dd>
        </div>
        <div>
          <dt>{text.chain}</dt>
          <dd>{chainId === null ? text.unknown : name === null ? String(chainId) : `${chainId} · ${name}`}</dd>
        </div>
        <div>
          <dt>{text.contractAsked}</dt>
          <dd className="mono">{contract ?? text.unknown}</dd>
        </div>
        <div>
          <dt>{text.block}</dt>
          <dd>
            {block === null ? (
              text.unknown
            ) : (
              <>
                {block.number} <span className="faint">({block.isFinal ? text.final : text.newest})</span>{" "}
                {text.readTime(new Date(block.ts).toISOString().slice(0, 19).replace("T", " "))}{" "}
                <span className="mono faint">{block.hash}</span>
              </>
            )}
          </dd>
        </div>
      </dl>
    </div>
  );
};
