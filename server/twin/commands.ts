/**
 * What became of each command: QUEUED → SENT → DELIVERED → SUCCESSFUL, FAILED, TIMEOUT or EXPIRED (the states of ThingsBoard's persistent
 * RPC). Folded from the journal: what people ordered, what was sent, what machines answered, and the ticks by which time ran out.
 */
import { DAY_MS } from "./days.ts";
import type { CommandResponse, Method } from "./command.ts";
import type { Twin } from "./twin.ts";

export const COMMAND_STATES = ["QUEUED", "SENT", "DELIVERED", "SUCCESSFUL", "FAILED", "TIMEOUT", "EXPIRED"] as const;
export type CommandState = (typeof COMMAND_STATES)[number];

export interface Command {
  readonly id: string;
  readonly rig: string;
  readonly method: Method;
  readonly args: Readonly<Record<string, unknown>>;
  readonly by: string;
  readonly why: string;
  /** Names all commands that were ordered together. */
  readonly batch: string;
  readonly queuedTs: number;
  /** Not sent before. */
  readonly dueTs: number;
  readonly expiresTs: number;
  readonly state: CommandState;
  readonly stateTs: number;
  readonly detail: string;
}
/** What the server writes of commands, topic OWN.command. */
export type CommandNews =
  | { readonly what: "queued"; readonly commands: readonly Omit<Command, "state" | "stateTs" | "detail">[] }
  | { readonly what: "sent"; readonly id: string }
  | { readonly what: "failed"; readonly id: string; readonly detail: string };

/** By id, oldest first. */
export type Commands = Map<string, Command>;
const MOST_KEPT = 5_000;
const OPEN: ReadonlySet<CommandState> = new Set(["QUEUED", "SENT", "DELIVERED"]);
export const isOpen = ({ state }: Command): boolean => OPEN.has(state);
/** What a machine has taken may take so long beyond its expiry before it counts as unanswered. */
const CARRY_OUT_MS = 300_000;

const put = (commands: Commands, id: string, state: CommandState, ts: number, detail: string): Command | null => {
  const before = commands.get(id);
  if (before === undefined || !isOpen(before)) return null;
  const after = { ...before, state, stateTs: ts, detail };
  commands.set(id, after);
  return after;
};

/** Carries news; gives what changed. Changes `commands`. */
export const foldCommandNews = (commands: Commands, news: CommandNews, ts: number): Command[] => {
  if (news.what === "queued") {
    const queued = news.commands.map((command): Command => ({ ...command, state: "QUEUED", stateTs: ts, detail: "" }));
    for (const command of queued) commands.set(command.id, command);
    for (const [id, command] of commands) {
      if (commands.size <= MOST_KEPT) break;
      if (!isOpen(command)) commands.delete(id);
    }
    return queued;
  }
  const changed = put(commands, news.id, news.what === "sent" ? "SENT" : "FAILED", ts, news.what === "sent" ? "" : news.detail);
  return changed === null ? [] : [changed];
};

const STATE_OF = { accepted: "DELIVERED", succeeded: "SUCCESSFUL", failed: "FAILED", refused: "FAILED", expired: "EXPIRED" } as const;
/** Carries a machine's answer. One that fits no open command of that rig changes nothing. Changes `commands`. */
export const foldResponse = (commands: Commands, rig: string, { id, status, detail }: CommandResponse, ts: number): Command[] => {
  if (commands.get(id)?.rig !== rig) return [];
  const changed = put(commands, id, STATE_OF[status], ts, status === "refused" ? `Refused: ${detail}` : detail);
  return changed === null ? [] : [changed];
};

/** Lets time pass. Changes `commands`. */
export const foldCommandTick = (commands: Commands, ts: number): Command[] => {
  const changed: (Command | null)[] = [];
  for (const command of commands.values()) {
    if (!isOpen(command) || ts < command.expiresTs) continue;
    if (command.state === "QUEUED") changed.push(put(commands, command.id, "EXPIRED", ts, "It expired before it was sent."));
    else if (command.state === "SENT") changed.push(put(commands, command.id, "TIMEOUT", ts, "Nothing answered before it expired."));
    else if (ts >= command.expiresTs + CARRY_OUT_MS)
      changed.push(put(commands, command.id, "TIMEOUT", ts, "It was taken and nothing more was heard."));
  }
  return changed.filter((command) => command !== null);
};

const REBOOT_GAP_MS = 300_000;
/** Reboots of one rig and commands of the whole site within 24 h. */
export const CAPS = { rebootsPerRig: 6, commandsPerSite: 50_000 } as const;

/**
 * Why a command must not go to that rig now; null where it may. Guard rails: never to one that is offline; one reboot in five minutes
 * (MDK's rule), six a day.
 */
export const railOf = (
  commands: Commands,
  twin: Twin | undefined,
  method: Method,
  nowTs: number,
  own: string | null = null,
): string | null => {
  if (twin === undefined) return "No such rig has been seen.";
  if (twin.state === "offline") return "It is offline; nothing is sent to a machine that does not listen.";
  if (method !== "reboot") return null;
  let today = 0;
  for (const command of commands.values()) {
    if (command.rig !== twin.rig || command.method !== "reboot" || command.id === own) continue;
    if (command.state === "FAILED" || command.state === "EXPIRED" || nowTs - command.queuedTs > DAY_MS) continue;
    today += 1;
    if (isOpen(command) || nowTs - command.stateTs < REBOOT_GAP_MS) return "It was rebooted, or is to be, less than five minutes ago.";
  }
  return today >= CAPS.rebootsPerRig ? `It was rebooted ${today} times within 24 h; at most ${CAPS.rebootsPerRig} are allowed.` : null;
};

export interface Order {
  readonly method: Method;
  readonly args: Readonly<Record<string, unknown>>;
  readonly rigs: readonly string[];
  readonly by: string;
  readonly why: string;
  /** Rigs at once, and seconds until the next so many. */
  readonly batchSize: number;
  readonly gapS: number;
  /** Of each command, from when it is due. */
  readonly expiresS: number;
  /** Of a pool switch: how many rigs whoever orders it knows that it affects. */
  readonly confirm?: number | undefined;
}
export interface Planned {
  readonly method: Method;
  readonly affected: readonly { readonly rig: string; readonly dueTs: number }[];
  /** Those it would not go to, and why. */
  readonly held: readonly { readonly rig: string; readonly why: string }[];
  readonly lastsS: number;
}

export interface Ordered {
  readonly batch: string;
  readonly commands: readonly Command[];
  readonly held: Planned["held"];
}
