import type { ReactNode } from "react";
import { inboxText as text } from "../texts-inbox.ts";
import { SubPages } from "./sub-pages.tsx";

const PAGES = [
  ["/status", text.status],
  ["/status/inbox", text.title],
] as const;

export const StatusPages = (): ReactNode => <SubPages label={text.pagesLabel} pages={PAGES} />;
