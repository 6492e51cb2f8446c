import { Button } from "@mantine/core";
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import { useState, type ReactNode } from "react";
import type { z } from "zod";
import type * as access from "../../server/twin/access.ts";
import { firstBroken } from "../../server/twin/audit.ts";
import { ROUTES } from "../../server/twin/wire.ts";
import { iso } from "../format.ts";
import { useAnswer, useSite } from "../site.tsx";
import { accessText } from "../texts-access.ts";
import { Trouble, useAct } from "./access-hands.tsx";
import { Answered, Panel } from "./panel.tsx";
import { ScrollX } from "./scroll-x.tsx";

const text = accessText.audit;
const SHOWN = 100;
const POLL_MS = 10_000;

interface Verdict {
  readonly lines: number;
  readonly broken: number | null;
  /** SHA-256 of the last line, hex. */
  readonly last: string;
}
/** Checks an export, one line of it after another, in this browser. */
const verdictOn = (content: string): Verdict => {
  const lines = content.split("\n").filter((line) => line !== "");
  return { lines: lines.length, broken: firstBroken(lines), last: bytesToHex(sha256(utf8ToBytes(lines.at(-1) ?? ""))) };
};

/** Who did what, when, from where. */
export const AuditPanel = (): ReactNode => {
  const { ask, addressOf } = useSite();
  const { busy, trouble, act } = useAct();
  const [verdict, setVerdict] = useState<Verdict | null>(null);
  const answer = useAnswer<z.infer<typeof access.audit>>({ route: ROUTES.audit, query: { limit: SHOWN } }, POLL_MS);
  return (
    <Panel
      title={text.title}
      note={text.note(SHOWN)}
      flush
      tools={
        <>
          <Button
            size="compact-sm"
            variant="default"
            loading={busy}
            onClick={() => void act(async () => setVerdict(verdictOn(await ask.text({ route: ROUTES.auditExport }))))}
          >
            {text.check}
          </Button>
          <Button component="a" size="compact-sm" variant="default" href={addressOf({ route: ROUTES.auditExport })} download="audit.jsonl">
            {text.save}
          </Button>
        </>
      }
    >
      <Trouble of={trouble} />
      {verdict === null ? null : (
        <p className={verdict.broken === null ? "access-note wrap" : "access-note bad"} role="status">
          {verdict.broken === null ? text.ok(verdict.lines, verdict.last) : text.broken(verdict.broken)}
        </p>
      )}
      <Answered answer={answer}>
        {({ lines }) => (
          <ScrollX label={text.title} className="audit-lines">
            <table className="table">
              <thead>
                <tr>
                  <th scope="col" className="num">
                    {text.n}
                  </th>
                  {[text.when, text.who, text.what, text.detail, text.from].map((head) => (
                    <th key={head} scope="col">
                      {head}
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {lines.map(({ n, ts, who, what, detail, address }) => (
                  <tr key={n}>
                    <td className="num">{n}</td>
                    <td className="nowrap">{iso(ts).slice(0, 19).replace("T", " ")}</td>
                    <th scope="row">{who}</th>
                    <td className="nowrap">{what}</td>
                    <td className="quiet wrap about">
                      {Object.entries(detail)
                        .map(([name, value]) => `${name} ${typeof value === "string" ? value : JSON.stringify(value)}`)
                        .join(" · ")}
                    </td>
                    <td className="mono">{address}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </ScrollX>
        )}
      </Answered>
    </Panel>
  );
};
