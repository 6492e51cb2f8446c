import type { ReactNode } from "react";
import { alarmText as text } from "../texts-alarms.ts";
import { SubPages } from "./sub-pages.tsx";

const PAGES = [
  ["/alarms", text.pages.alarms],
  ["/alarms/windows", text.pages.windows],
  ["/alarms/rules", text.pages.rules],
  ["/alarms/notifications", text.pages.notifications],
] as const;

export const AlarmPages = (): ReactNode => <SubPages label={text.pagesLabel} pages={PAGES} />;
