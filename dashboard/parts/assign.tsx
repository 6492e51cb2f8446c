import { Button, TextInput } from "@mantine/core";
import { IconCamera } from "@tabler/icons-react";
import { lazy, Suspense, useMemo, useRef, useState, type FormEvent, type KeyboardEvent, type ReactNode } from "react";
import { nextSlot, placesCsv, rigFinder, samePlace, type Placed } from "../../server/twin/positions.ts";
import { ROUTES } from "../../server/twin/wire.ts";
import { failureOf, useRoster, useSite } from "../site.tsx";
import { pickText } from "../texts-pick.ts";
import { say } from "../texts.ts";
import { SaidLine, type Said } from "./said.tsx";
import { natural } from "./search.ts";

const ScanCamera = lazy(async () => ({ default: (await import("./scan-camera.tsx")).ScanCamera }));
const text = pickText.positions;
const named = (list: readonly string[]): string[] => [...new Set(list)].toSorted(natural);

/** Puts a rig into a slot by its serial, MAC or name: typed, pasted, from a scanner that types, or by the camera. */
export const Assign = ({ by }: { readonly by: string }): ReactNode => {
  const { ask } = useSite();
  const roster = useRoster();
  const rows = useMemo(() => roster.filter((row) => row !== undefined), [roster]);
  const find = useMemo(() => rigFinder(rows), [rows]);
  const codeField = useRef<HTMLInputElement>(null);
  const [code, setCode] = useState("");
  const [camera, setCamera] = useState(false);
  const [place, setPlace] = useState({ container: "", rack: "", slot: "" });
  const [busy, setBusy] = useState(false);
  const [said, setSaid] = useState<Said | null>(null);
  const rigs = code.trim() === "" ? [] : find(code);
  const row = rigs.length === 1 ? rows.find(({ rig }) => rig === rigs[0]) : undefined;
  const target = { container: place.container.trim(), rack: place.rack.trim(), slot: place.slot.trim() };
  const isWhole = target.container !== "" && target.rack !== "" && target.slot !== "";
  const holder = isWhole ? rows.find((each) => each.rig !== row?.rig && samePlace(each.position, target)) : undefined;
  const ready = row !== undefined && isWhole && by !== "";
  const shown = (at: Placed["position"]): string => (at === null ? say.unplaced : say.place(at));
  const put = async (others: readonly Placed[]): Promise<void> => {
    if (row === undefined) return;
    setBusy(true);
    setSaid(null);
    try {
      const csv = placesCsv([{ rig: row.rig, position: target }, ...others]);
      await ask.send({ route: ROUTES.positions, query: { by } }, new Blob([csv], { type: "text/csv" }));
      setSaid({ ok: true, text: text.done(row.rig, shown(target)) });
      // The next rig comes into the next slot.
      setCode("");
      setPlace({ ...place, slot: nextSlot(target.slot) });
      codeField.current?.focus();
    } catch (error) {
      setSaid({ ok: false, text: failureOf(error).message });
    }
    setBusy(false);
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (by === "") return setSaid({ ok: false, text: text.who });
    if (ready && holder === undefined) void put([]);
  };
  // A scanner that types ends with Enter; without a whole place yet that must not be an error.
  const onKey = (event: KeyboardEvent): void => {
    if (event.key === "Enter" && !ready) event.preventDefault();
  };
  const containers = named(rows.flatMap(({ position }) => position?.container ?? []));
  const racks = named(rows.flatMap(({ position }) => (position?.container === target.container ? position.rack : [])));
  return (
    <form className="stack" onSubmit={submit}>
      <div className="row form-line">
        <TextInput
          ref={codeField}
          size="xs"
          label={text.code}
          title={text.codeMeans}
          value={code}
          maxLength={200}
          autoComplete="off"
          spellCheck={false}
          onKeyDown={onKey}
          onChange={(event) => {
            setSaid(null);
            setCode(event.currentTarget.value);
          }}
        />
        {(["container", "rack", "slot"] as const).map((name) => (
          <TextInput
            key={name}
            size="xs"
            w={name === "container" ? 150 : 90}
            label={text[name]}
            value={place[name]}
            maxLength={64}
            autoComplete="off"
            list={`assign-${name}`}
            onChange={(event) => setPlace({ ...place, [name]: event.currentTarget.value })}
          />
        ))}
        <datalist id="assign-container">
          {containers.map((name) => (
            <option key={name} value={name} label={name} aria-label={name} />
          ))}
        </datalist>
        <datalist id="assign-rack">
          {racks.map((name) => (
            <option key={name} value={name} label={name} aria-label={name} />
          ))}
        </datalist>
        {holder === undefined || row === undefined ? (
          <Button size="xs" type="submit" loading={busy} disabled={!ready}>
            {text.put}
          </Button>
        ) : (
          <>
            <Button size="xs" loading={busy} disabled={!ready} onClick={() => void put([{ rig: holder.rig, position: row.position }])}>
              {text.swap}
            </Button>
            <Button
              size="xs"
              variant="default"
              loading={busy}
              disabled={!ready}
              onClick={() => void put([{ rig: holder.rig, position: null }])}
            >
              {text.away(holder.rig)}
            </Button>
          </>
        )}
        <Button size="xs" variant="default" aria-pressed={camera} leftSection={<IconCamera size={14} />} onClick={() => setCamera(!camera)}>
          {camera ? text.stopCamera : text.camera}
        </Button>
      </div>
      <p role="status" className={code.trim() !== "" && row === undefined ? "warm" : "quiet"}>
        {code.trim() === ""
          ? text.codeMeans
          : row !== undefined
            ? text.found(row.rig, shown(row.position))
            : rigs.length === 0
              ? text.unknown(code.trim().slice(0, 64))
              : text.several(rigs)}
        {holder === undefined ? "" : ` ${text.taken(holder.rig)}`}
      </p>
      <SaidLine said={said} />
      {camera ? (
        <Suspense fallback={null}>
          <ScanCamera
            onCode={(found) => {
              setSaid(null);
              setCode(found);
            }}
          />
        </Suspense>
      ) : null}
    </form>
  );
};
