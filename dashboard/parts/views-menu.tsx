import { ActionIcon, Button, Popover, TextInput } from "@mantine/core";
import { useLocalStorage } from "@mantine/hooks";
import { IconBookmark, IconTrash } from "@tabler/icons-react";
import { useState, type FormEvent, type ReactNode } from "react";
import { Link, useLocation, useSearch } from "wouter";
import "../look/picks.css";
import { viewsText as text } from "../texts-views.ts";

interface View {
  readonly name: string;
  /** What stands in the address after the question mark. */
  readonly search: string;
}
const READY: readonly View[] = [
  { name: text.ready.all, search: "" },
  { name: text.ready.hand, search: "state=low,hung,fault,offline&sort=-alarm" },
  { name: text.ready.weak, search: "sort=share" },
  { name: text.ready.hot, search: "sort=-boardC" },
  { name: text.ready.thirsty, search: "sort=-efficiency" },
  { name: text.ready.parts, search: "cols=rig,model,place,serial,mac,ip,firmware,token" },
];
const MOST = 30;

/** Views of the table: each is an address, so that one can be sent; those saved here stay in this browser. */
export const Views = (): ReactNode => {
  const [path] = useLocation();
  const search = useSearch();
  const [saved, setSaved] = useLocalStorage<readonly View[]>({ key: "rigtwin-views", defaultValue: [], getInitialValueInEffect: false });
  const [opened, setOpened] = useState(false);
  const [name, setName] = useState("");
  const save = (event: FormEvent): void => {
    event.preventDefault();
    const called = name.trim();
    if (called === "") return;
    setSaved([{ name: called, search }, ...saved.filter((view) => view.name !== called)].slice(0, MOST));
    setName("");
  };
  const list = (views: readonly View[], drop: ((view: View) => void) | null): ReactNode => (
    <ul className="view-list">
      {views.map((view) => (
        <li key={view.name} className="row apart">
          <Link
            to={view.search === "" ? path : `${path}?${view.search}`}
            aria-current={view.search === search ? "true" : undefined}
            onClick={() => setOpened(false)}
          >
            {view.name}
          </Link>
          {drop === null ? null : (
            <ActionIcon size="sm" variant="subtle" color="gray" aria-label={text.drop(view.name)} onClick={() => drop(view)}>
              <IconTrash size={13} />
            </ActionIcon>
          )}
        </li>
      ))}
    </ul>
  );
  return (
    <Popover opened={opened} onChange={setOpened} position="bottom-end" withArrow={false} shadow="none" trapFocus>
      <Popover.Target>
        <Button size="xs" variant="default" leftSection={<IconBookmark size={14} />} onClick={() => setOpened(!opened)}>
          {text.title}
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <div className="stack view-menu">
          {list(READY, null)}
          {saved.length === 0 ? null : list(saved, (view) => setSaved(saved.filter((each) => each.name !== view.name)))}
          <form className="row" onSubmit={save}>
            <TextInput
              size="xs"
              aria-label={text.name}
              placeholder={text.name}
              value={name}
              maxLength={60}
              onChange={(event) => setName(event.currentTarget.value)}
            />
            <Button size="xs" type="submit" disabled={name.trim() === ""}>
              {text.save}
            </Button>
          </form>
          <p className="faint">{text.note}</p>
        </div>
      </Popover.Dropdown>
    </Popover>
  );
};
