/**
 * Channels and routes in `notify.json`, their secrets in `notify-secrets.json` of the data folder, both readable by their owner alone.
 * Two files, because a backup takes the first and never the second.
 */
import { join } from "node:path";
import { NO_SETTINGS, notifySettings, type NotifySettings, type Secrets } from "../../twin/notify/shapes.ts";
import { Refused } from "../../twin/refusal.ts";
import { put, textOf } from "./files.ts";

export const SETTINGS_FILE = "notify.json";
const SECRETS_FILE = "notify-secrets.json";

/** Opens it. Throws Refused CONFIG_INVALID where a file of it cannot be read. */
export const openNotifyStore = (folder: string) => {
  const [settingsPath, secretsPath] = [join(folder, SETTINGS_FILE), join(folder, SECRETS_FILE)];
  let settings = NO_SETTINGS;
  let secrets = new Map<string, Secrets>();
  try {
    const [told, hidden] = [textOf(settingsPath), textOf(secretsPath)];
    if (told !== null) settings = notifySettings.parse(JSON.parse(told));
    if (hidden !== null) secrets = new Map(Object.entries(JSON.parse(hidden) as Record<string, Secrets>));
  } catch (cause) {
    // No words of the cause: it may quote what is secret.
    throw new Refused(
      "CONFIG_INVALID",
      `${SETTINGS_FILE} or ${SECRETS_FILE} in the data folder cannot be read; move it away to begin anew.`,
      { cause },
    );
  }
  return {
    settings: (): NotifySettings => settings,
    secrets: (channel: string): Secrets => secrets.get(channel) ?? {},
    /** Durable when it resolves. Throws Refused DISK_FULL, JOURNAL_UNAVAILABLE. */
    async save(next: NotifySettings, hidden: ReadonlyMap<string, Secrets>): Promise<void> {
      try {
        await put(secretsPath, JSON.stringify(Object.fromEntries(hidden)));
        await put(settingsPath, JSON.stringify(next, null, 1));
      } catch (cause) {
        const full = (cause as NodeJS.ErrnoException).code === "ENOSPC";
        throw new Refused(full ? "DISK_FULL" : "JOURNAL_UNAVAILABLE", "The settings could not be written to the data folder.", { cause });
      }
      settings = next;
      secrets = new Map(hidden);
    },
  };
};
