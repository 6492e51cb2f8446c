/** Verify: the reader chooses whom to ask, watches every step, and is told what came out. The same on the twin's page and in the saved verifier. */
import { IconShieldCheck } from "@tabler/icons-react";
import { useEffect, useId, useRef, useState, type FormEvent, type ReactNode } from "react";
import type { Expected } from "../../server/twin/verify.ts";
import { addressFault, nodeAt, nodeOf } from "../proof/node.ts";
import type { Outcome, Progress } from "../proof/prove.ts";
import type { Shown } from "../proof/shown.ts";
import { proofText as text } from "../proof/texts.ts";
import { useWallets } from "../proof/wallets.ts";
import { resultOf, groupsOf } from "../proof/groups.ts";
import { DayMap, Steps } from "./steps.tsx";
import { Verdict } from "./verdict.tsx";

export interface ProofProps {
  /** Fetches what is to be checked, and says how far it is. */
  readonly evidence: (tell: (done: number, of: number) => void, signal: AbortSignal) => Promise<unknown>;
  readonly expected: Expected;
  readonly shown: Shown | null;
  /** The farm's own node, offered where its chain is its own; null where there is none to offer. */
  readonly farmNode: string | null;
  /** Whether the page came from the farm's server, with the rules that it gives its pages. */
  readonly isFarmPage: boolean;
  /** Whether the reader is asked for the token as well. */
  readonly asksToken: boolean;
  /** A further field: what else is to be fetched. */
  readonly more?: (id: string) => ReactNode;
}

type Condition =
  | { readonly is: "idle" }
  | { readonly is: "fetching"; readonly done: number; readonly of: number }
  | { readonly is: "checking"; readonly progress: Progress | null }
  | { readonly is: "stopped" }
  | { readonly is: "broken"; readonly message: string }
  | { readonly is: "done"; readonly outcome: Outcome; readonly throughFarm: boolean; readonly knowsContract: boolean };

interface FieldProps {
  readonly label: string;
  readonly hint: string;
  readonly value: string;
  readonly fault: string | null;
  readonly onChange: (value: string) => void;
  readonly mode?: "url" | "text" | "numeric";
  readonly placeholder?: string;
}
const Field = ({ label, hint, value, fault, onChange, mode = "text", placeholder = "" }: FieldProps): ReactNode => {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        value={value}
        onChange={(event) => onChange(event.currentTarget.value)}
        inputMode={mode}
        placeholder={placeholder}
        spellCheck={false}
        autoComplete="off"
        autoCapitalize="off"
        aria-invalid={fault !== null}
        aria-describedby={`${id}-says`}
      />
      <small id={`${id}-says`} className={fault === null ? "quiet" : "bad"} role={fault === null ? undefined : "alert"}>
        {fault ?? hint}
      </small>
    </div>
  );
};

const Working = ({ condition }: { readonly condition: Condition }): ReactNode => {
  if (condition.is !== "fetching" && condition.is !== "checking") return null;
  const progress = condition.is === "checking" ? condition.progress : null;
  const says =
    condition.is === "fetching"
      ? text.loading(condition.done, condition.of)
      : progress === null
        ? text.asking
        : progress.done < progress.of
          ? text.checking(Math.floor(progress.done) + 1, progress.of)
          : text.finishing;
  const [done, of] = condition.is === "fetching" ? [condition.done, condition.of] : [progress?.done ?? 0, progress?.of ?? 1];
  const results = progress === null ? [] : groupsOf(progress.steps).flatMap(({ isDay, steps }) => (isDay ? [resultOf(steps)] : []));
  return (
    <div className="working">
      <p role="status">{says}</p>
      <progress aria-label={says} value={done} max={Math.max(1, of)} />
      {progress === null ? null : <DayMap results={results} of={progress.of} />}
      <p className="quiet">{text.notYet}</p>
    </div>
  );
};

const HEX_ADDRESS = /^0x[0-9a-fA-F]{40}$/;

export const Proof = ({ evidence, expected, shown, farmNode, isFarmPage, asksToken, more }: ProofProps): ReactNode => {
  const wallets = useWallets();
  const moreId = useId();
  const [source, setSource] = useState("");
  const [address, setAddress] = useState("");
  const [contract, setContract] = useState("");
  const [token, setToken] = useState("");
  const [isTried, setTried] = useState(false);
  const [condition, setCondition] = useState<Condition>({ is: "idle" });
  const run = useRef<AbortController | null>(null);
  const outcomeBox = useRef<HTMLDivElement>(null);
  useEffect(() => () => run.current?.abort(), []);
  useEffect(() => {
    if (condition.is === "done") outcomeBox.current?.focus({ preventScroll: false });
  }, [condition]);
  const wallet = wallets.find(({ id }) => id === source) ?? null;
  const isBusy = condition.is === "fetching" || condition.is === "checking";
  const typed = { address: address.trim(), contract: contract.trim(), token: token.trim() };
  const faults = {
    address: wallet !== null ? null : typed.address === "" ? text.noAddress : addressFault(typed.address, isFarmPage),
    contract: typed.contract === "" || HEX_ADDRESS.test(typed.contract) ? null : text.noContract,
    token: typed.token === "" || /^[1-9][0-9]{0,14}$/.test(typed.token) ? null : text.noToken,
  };
  const throughFarm =
    wallet === null &&
    (typed.address.startsWith("/") || (isFarmPage && URL.canParse(typed.address) && new URL(typed.address).origin === location.origin));

  const check = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setTried(true);
    if (faults.address !== null || faults.contract !== null || faults.token !== null || isBusy) return;
    const controller = new AbortController();
    const { signal } = controller;
    run.current = controller;
    const say = (next: Condition): void => {
      if (!signal.aborted) setCondition(next);
    };
    say({ is: "fetching", done: 0, of: 1 });
    try {
      const [given, { prove }] = await Promise.all([
        evidence((done, of) => say({ is: "fetching", done, of }), signal),
        import("../proof/prove.ts"),
      ]);
      say({ is: "checking", progress: null });
      const node = wallet === null ? nodeAt(typed.address, signal) : nodeOf(wallet.name, wallet.provider, signal);
      const known: Expected = {
        ...expected,
        ...(typed.contract === "" ? {} : { contract: typed.contract }),
        ...(typed.token === "" ? {} : { tokenId: Number(typed.token) }),
      };
      const outcome = await prove(
        { evidence: given, node, expected: known, shown },
        (progress) => say({ is: "checking", progress }),
        signal,
      );
      say({ is: "done", outcome, throughFarm, knowsContract: known.contract !== undefined });
    } catch (error) {
      if (!signal.aborted) say({ is: "broken", message: error instanceof Error ? error.message : String(error) });
    }
  };
  const cancel = (): void => {
    run.current?.abort();
    setCondition({ is: "stopped" });
  };

  return (
    <div className="proof">
      <form onSubmit={(event) => void check(event)} noValidate>
        {wallets.length === 0 ? null : (
          <fieldset className="choice">
            <legend>{text.askWith}</legend>
            {[{ id: "", name: text.byAddress }, ...wallets].map(({ id, name }) => (
              <label key={id}>
                <input type="radio" name="source" checked={(wallet?.id ?? "") === id} onChange={() => setSource(id)} /> {name}
              </label>
            ))}
          </fieldset>
        )}
        <div className="fields">
          {wallet === null ? (
            <Field
              label={text.address}
              hint={throughFarm ? text.farmsNode : text.addressHint}
              value={address}
              fault={isTried ? faults.address : null}
              onChange={setAddress}
              mode="url"
              placeholder="https://"
            />
          ) : (
            <p className="quiet">{text.walletHint(wallet.name)}</p>
          )}
          <Field
            label={text.contract}
            hint={text.contractHint}
            value={contract}
            fault={isTried ? faults.contract : null}
            onChange={setContract}
            placeholder="0x"
          />
          {asksToken ? (
            <Field label={text.token} hint="" value={token} fault={isTried ? faults.token : null} onChange={setToken} mode="numeric" />
          ) : null}
          {more?.(moreId)}
        </div>
        <div className="row">
          {isBusy ? (
            // Keys: were it the same element, the click that stops would submit what it has become.
            <button key="cancel" type="button" className="button" onClick={cancel}>
              {text.cancel}
            </button>
          ) : (
            <button key="verify" type="submit" className="button filled">
              <IconShieldCheck size={16} aria-hidden /> {condition.is === "idle" ? text.verify : text.again}
            </button>
          )}
          {farmNode === null || wallet !== null || isBusy ? null : (
            <button type="button" className="text-button" onClick={() => setAddress(farmNode)}>
              {text.useFarms}
            </button>
          )}
        </div>
      </form>
      <Working condition={condition} />
      {condition.is === "stopped" ? <p role="status">{text.stopped}</p> : null}
      {condition.is === "broken" ? (
        <p className="bad" role="alert">
          {text.broke} {condition.message}
        </p>
      ) : null}
      {condition.is === "done" ? (
        <div ref={outcomeBox} tabIndex={-1} className="outcome">
          <Verdict outcome={condition.outcome} throughFarm={condition.throughFarm} knowsContract={condition.knowsContract} />
          <Steps steps={condition.outcome.steps} />
        </div>
      ) : null}
    </div>
  );
};

/** What a check is worth, always beside it. */
export const Worth = (): ReactNode => (
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
);
