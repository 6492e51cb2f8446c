/** Leads from a machine to the one that took its place, and back. */
import { IconReplace } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { Link } from "wouter";
import type { SubstitutionLine } from "../../server/twin/substitution.ts";
import { substituteText as text } from "../texts-sign.ts";

type Place = NonNullable<SubstitutionLine["by"]>;

const To = ({ place: { rig, tokenId }, isPublic }: { readonly place: Place; readonly isPublic: boolean }): ReactNode =>
  isPublic ? (
    tokenId === null ? (
      <b>{rig}</b>
    ) : (
      <Link to={`/twin/${tokenId}`}>{text.twin(rig, tokenId)}</Link>
    )
  ) : (
    <Link to={`/rigs/${encodeURIComponent(rig)}`}>{tokenId === null ? rig : text.twin(rig, tokenId)}</Link>
  );

export const Substitution = ({
  substitution: { by, of },
  isPublic,
}: {
  readonly substitution: SubstitutionLine;
  /** Of a token's page: it leads to tokens' pages. */
  readonly isPublic: boolean;
}): ReactNode =>
  by === null && of.length === 0 ? null : (
    <p className="substitution">
      <IconReplace size={16} aria-hidden />
      <span>
        {by === null ? null : (
          <span>
            {text.by} <To place={by} isPublic={isPublic} />.{" "}
          </span>
        )}
        {of.map((place) => (
          <span key={place.rig}>
            {text.of} <To place={place} isPublic={isPublic} />.{" "}
          </span>
        ))}
      </span>
    </p>
  );
