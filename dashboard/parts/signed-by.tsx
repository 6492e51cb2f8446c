/** Who signed a record: the signature is looked at here, in the reader's browser, not taken from the server's word. */
import { IconPencilOff, IconShieldX, IconSignature } from "@tabler/icons-react";
import { useEffect, useState, type ReactNode } from "react";
import type { TwinRecord } from "../../server/twin/record.ts";
import type { SignatureState } from "../../server/twin/signature.ts";
import { short } from "../format.ts";
import { signText as text } from "../texts-sign.ts";

/** Whose statements the server's own are. */
const SELF = "rigtwin";

export const SignedBy = ({ record }: { readonly record: TwinRecord }): ReactNode => {
  const { body, hash, signature } = record;
  const [state, setState] = useState<SignatureState | null>(null);
  useEffect(() => {
    let isHere = true;
    void import("../../server/twin/signature.ts").then(({ signatureState }) => {
      if (isHere) setState(signatureState(body, hash, signature));
    });
    return () => {
      isHere = false;
    };
  }, [body, hash, signature]);
  if (state === null) return <span className="faint">{text.checking}</span>;
  if (state === "signed")
    return (
      <span className="row tight signed-by" data-state={state} title={text.meaning}>
        <IconSignature size={15} color="var(--state-hashing)" aria-hidden />
        <span>
          {text.states.signed(body.technician)}{" "}
          <span className="mono faint" title={body.signer}>
            {short(body.signer ?? "", 6)}
          </span>
        </span>
      </span>
    );
  const isUnsigned = state === "unsigned";
  const Icon = isUnsigned ? IconPencilOff : IconShieldX;
  return (
    <span className={isUnsigned ? "row tight signed-by faint" : "row tight signed-by bad"} data-state={state}>
      <Icon size={15} aria-hidden />
      <span>{isUnsigned && body.technician === SELF ? text.states.own : text.states[state]}</span>
    </span>
  );
};
