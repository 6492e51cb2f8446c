import { ActionIcon, Button, NativeSelect, NumberInput, Textarea, TextInput } from "@mantine/core";
import "@mantine/core/styles/NumberInput.css";
import { useForm } from "@mantine/form";
import { IconPlus, IconSignature, IconTrash } from "@tabler/icons-react";
import { useState, type ReactNode } from "react";
import type { NewRecord, RecordDraft, RecordWish } from "../../server/twin/api.ts";
import type { PartChange } from "../../server/twin/part-changes.ts";
import { PARTS, RECORD_KINDS } from "../../server/twin/record.ts";
import { ROUTES } from "../../server/twin/wire.ts";
import { fromField, toField } from "../format.ts";
import { useWallets, type Wallet } from "../proof/wallets.ts";
import { failureOf, useNow, useSite } from "../site.tsx";
import { signText } from "../texts-sign.ts";
import { say } from "../texts.ts";
import { useBadge } from "./badge.ts";

const text = say.recordForm;
const KINDS = RECORD_KINDS.filter((kind) => kind !== "registration");
interface PartDraft {
  readonly part: (typeof PARTS)[number];
  readonly place: string | number;
  readonly oldSerial: string;
  readonly newSerial: string;
}
const orNull = (value: string): string | null => (value.trim() === "" ? null : value.trim());

/** Says what was done to a machine; the server seals it. */
const RecordForm = ({
  rig,
  part = null,
  onDone,
}: {
  readonly rig: string;
  /** A replacement that the machine has already told of. */
  readonly part?: Pick<PartChange, "part" | "index" | "oldSerial" | "newSerial" | "seenTs"> | null;
  readonly onDone: () => void;
}): ReactNode => {
  const { ask } = useSite();
  const now = useNow() ?? 0;
  const [badge, setBadge] = useBadge();
  const wallets = useWallets();
  /** null: nothing is under way; "": sealed unsigned; else the wallet that signs. */
  const [busy, setBusy] = useState<string | null>(null);
  const [trouble, setTrouble] = useState<string | null>(null);
  const form = useForm({
    initialValues: {
      kind: (part === null ? "inspection" : "part-replaced") as NewRecord["kind"],
      performed: toField(part?.seenTs ?? now),
      technician: badge,
      summary: part === null ? "" : text.replaced(say.parts[part.part], part.index),
      parts: (part === null ? [] : [{ ...part, place: part.index === null ? "" : part.index + 1 }]) as PartDraft[],
    },
    validate: {
      performed: (value) => {
        const ts = fromField(value);
        return ts === null ? text.noTime : ts > now + 60_000 ? text.future : null;
      },
      technician: (value) => (value.trim() === "" ? text.noTechnician : value.length > 64 ? text.tooLong(64) : null),
      summary: (value) => (value.trim() === "" ? text.noSummary : value.length > 2_000 ? text.tooLong(2_000) : null),
    },
  });
  const send = async (values: typeof form.values, wallet: Wallet | null): Promise<void> => {
    setBusy(wallet?.id ?? "");
    setTrouble(null);
    const record: RecordWish = {
      kind: values.kind,
      performedTs: fromField(values.performed) ?? now,
      technician: values.technician.trim(),
      summary: values.summary.trim(),
      parts: values.parts.map(({ part, place, oldSerial, newSerial }) => ({
        part,
        index: place === "" ? null : Number(place) - 1,
        oldSerial: orNull(oldSerial),
        newSerial: orNull(newSerial),
      })),
    };
    try {
      const parameters = { rig };
      const signed =
        wallet === null
          ? undefined
          : await (
              await import("../proof/sign.ts")
            ).signWithWallet(wallet, rig, record, (wish) => ask.post<RecordDraft>({ route: ROUTES.recordDraft, parameters }, wish));
      await ask.post({ route: ROUTES.records, parameters }, signed === undefined ? record : { ...record, signed });
      setBadge(record.technician);
      onDone();
    } catch (error) {
      setTrouble(failureOf(error).message);
      setBusy(null);
    }
  };
  return (
    <form
      className="record-form"
      aria-label={part === null ? text.title : text.titleOf(say.parts[part.part], part.index)}
      onSubmit={form.onSubmit((values) => void send(values, null))}
      noValidate
    >
      <p className="quiet">{text.lead}</p>
      <div className="form-row">
        <NativeSelect
          label={text.kind}
          data={KINDS.map((kind) => ({ value: kind, label: say.kinds[kind] }))}
          {...form.getInputProps("kind")}
        />
        <TextInput type="datetime-local" step={1} label={text.performed} {...form.getInputProps("performed")} />
        <TextInput
          label={text.technician}
          description={text.pseudonym}
          inputWrapperOrder={["label", "input", "description", "error"]}
          autoComplete="off"
          {...form.getInputProps("technician")}
        />
      </div>
      <Textarea label={text.summary} autosize minRows={2} maxRows={8} {...form.getInputProps("summary")} />
      {form.values.parts.map((_, k) => (
        <div key={k} className="form-row parts" role="group" aria-label={text.part(k + 1)}>
          <NativeSelect
            label={text.partKind}
            data={PARTS.map((part) => ({ value: part, label: say.parts[part] }))}
            {...form.getInputProps(`parts.${k}.part`)}
          />
          <NumberInput label={text.place} min={1} max={64} hideControls {...form.getInputProps(`parts.${k}.place`)} />
          <TextInput label={text.oldSerial} maxLength={64} {...form.getInputProps(`parts.${k}.oldSerial`)} />
          <TextInput label={text.newSerial} maxLength={64} {...form.getInputProps(`parts.${k}.newSerial`)} />
          <ActionIcon variant="default" size="lg" aria-label={text.removePart(k + 1)} onClick={() => form.removeListItem("parts", k)}>
            <IconTrash size={16} />
          </ActionIcon>
        </div>
      ))}
      {trouble === null ? null : (
        <p className="bad" role="alert">
          {trouble}
        </p>
      )}
      <div className="row apart">
        <Button
          variant="default"
          size="xs"
          leftSection={<IconPlus size={14} />}
          disabled={form.values.parts.length >= 16}
          onClick={() => form.insertListItem("parts", { part: "board", place: "", oldSerial: "", newSerial: "" })}
        >
          {text.addPart}
        </Button>
        <span className="row">
          {wallets.map((wallet) => (
            <Button
              key={wallet.id}
              size="xs"
              loading={busy === wallet.id}
              disabled={busy !== null}
              leftSection={<IconSignature size={14} aria-hidden />}
              onClick={() => form.onSubmit((values) => void send(values, wallet))()}
            >
              {signText.with(wallet.name)}
            </Button>
          ))}
          <Button
            type="submit"
            size="xs"
            variant={wallets.length > 0 ? "default" : "filled"}
            loading={busy === ""}
            disabled={busy !== null}
          >
            {wallets.length > 0 ? signText.unsigned : text.seal}
          </Button>
        </span>
      </div>
      <p className="quiet">{wallets.length > 0 ? signText.lead : signText.noWallet}</p>
    </form>
  );
};
export default RecordForm;
