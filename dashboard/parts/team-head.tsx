/** Of the shell's head: who is here, and a link to exactly what one sees. */
import { Button, Menu, Popover, TextInput } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconLink, IconUsers } from "@tabler/icons-react";
import { useState, type ReactNode } from "react";
import { Link } from "wouter";
import { dayTime } from "../format.ts";
import { useNow, usePeople, useViewClock } from "../site.tsx";
import { teamText } from "../texts-team.ts";
import { say } from "../texts.ts";
import { useSelf } from "./self.ts";

/** The address of what is shown: page, filters, range; in a replay its window and moment as well. */
export const addressNow = (
  replay: { readonly from: number; readonly to: number; readonly speed: number; readonly at: number } | null,
): string => {
  const url = new URL(location.href);
  for (const name of ["replay", "speed", "at"]) url.searchParams.delete(name);
  url.hash = "";
  if (replay !== null) {
    url.searchParams.set("replay", `${replay.from}-${replay.to}`);
    url.searchParams.set("speed", String(replay.speed));
    url.searchParams.set("at", String(Math.round(replay.at)));
  }
  return url.href;
};

const copied = async (text: string): Promise<boolean> => {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Plain http from elsewhere has no clipboard, and a person may say no.
    return false;
  }
};

interface Copied {
  readonly link: string;
  readonly says: string;
}
/** Puts the link on the clipboard; gives it, and what came of that. */
const useCopied = (): (() => Promise<Copied>) => {
  const clock = useViewClock();
  const now = useNow();
  const text = teamText.link;
  return async () => {
    const isPast = clock?.view === "replay" && clock.from !== null && clock.to !== null && now !== null;
    const link = addressNow(isPast ? { from: clock.from ?? 0, to: clock.to ?? 0, speed: clock.speed, at: now } : null);
    const done = await copied(link);
    return { link, says: done ? (isPast ? text.copiedThen(dayTime(now)) : text.copied) : text.byHand };
  };
};

/** The same in a menu: what came of it is called out. */
export const CopyLinkItem = (): ReactNode => {
  const copy = useCopied();
  const tell = async (): Promise<void> => {
    const { link, says } = await copy();
    notifications.show({ title: says, message: link, closeButtonProps: { "aria-label": say.close } });
  };
  return (
    <Menu.Item leftSection={<IconLink size={16} />} onClick={() => void tell()}>
      {teamText.link.copy}
    </Menu.Item>
  );
};

export const CopyLink = (): ReactNode => {
  const link = useCopied();
  const [shown, setShown] = useState<Copied | null>(null);
  const text = teamText.link;
  const copy = async (): Promise<void> => setShown(shown === null ? await link() : null);
  return (
    <Popover
      opened={shown !== null}
      onChange={(open) => (open ? null : setShown(null))}
      width={340}
      position="bottom-end"
      trapFocus={false}
    >
      <Popover.Target>
        <Button variant="default" size="xs" className="wide-only" leftSection={<IconLink size={14} />} onClick={() => void copy()}>
          {text.copy}
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label={text.copy}>
        <div className="stack">
          <p role="status">{shown?.says}</p>
          <TextInput aria-label={text.field} readOnly value={shown?.link ?? ""} onFocus={(event) => event.currentTarget.select()} />
        </div>
      </Popover.Dropdown>
    </Popover>
  );
};

/** One line for each person: name, pages. */
export const PeopleList = (): ReactNode => {
  const people = usePeople();
  const { account } = useSelf();
  const text = teamText.here;
  if (people === null) return <p className="quiet">{text.away}</p>;
  return (
    <ul className="people">
      {people.people.map(({ name, pages }) => (
        <li key={name}>
          <b>{name === "local" ? text.local : name}</b>
          {name === (account ?? "local") ? <span className="faint"> ({text.you})</span> : null}
          <span className="people-pages">
            {pages.length === 0 ? <span className="faint">{text.nowhere}</span> : null}
            {pages.map((page) => (
              <Link key={page} to={page} className="mono">
                {page}
              </Link>
            ))}
          </span>
        </li>
      ))}
      {people.more > 0 ? <li className="faint">{text.more(people.more)}</li> : null}
    </ul>
  );
};

export const PeopleHere = (): ReactNode => {
  const people = usePeople();
  const [open, setOpen] = useState(false);
  if (people === null) return null;
  const n = people.people.length + people.more;
  const text = teamText.here;
  return (
    <Popover opened={open} onChange={setOpen} width={300} position="bottom-end" trapFocus={false}>
      <Popover.Target>
        <Button
          variant="default"
          size="xs"
          className="wide-only"
          leftSection={<IconUsers size={14} />}
          aria-label={text.label(n)}
          aria-expanded={open}
          onClick={() => setOpen(!open)}
        >
          {n}
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label={text.title}>
        <PeopleList />
      </Popover.Dropdown>
    </Popover>
  );
};
