/** A notice as it is given to a service. */
import { createHash } from "node:crypto";
import type { Notice } from "../../twin/notify/book.ts";

export interface Letter {
  readonly notice: Notice;
  readonly site: string;
  /** Stable over retries. */
  readonly id: string;
  /** Where the incident is looked at; null where nobody told this server's own address. */
  readonly link: string | null;
}
export const letterOf = (notice: Notice, site: string, publicUrl: string | null): Letter => ({
  notice,
  site,
  id: `msg_${createHash("sha256").update(notice.id).digest("hex").slice(0, 32)}`,
  link: publicUrl === null ? null : `${publicUrl.replace(/\/$/, "")}/alarms`,
});
/** Title, lines and link, one below the other. */
export const plainText = ({ notice, link }: Letter): string => [notice.title, ...notice.lines, ...(link === null ? [] : [link])].join("\n");
