import type { ReactNode } from "react";
import { upkeepText as text } from "../texts-upkeep.ts";
import { SubPages } from "./sub-pages.tsx";

const PAGES = [
  ["/maintenance", text.orders],
  ["/maintenance/plans", text.due],
  ["/maintenance/reliability", text.reliability],
] as const;

export const MaintenancePages = (): ReactNode => <SubPages label={text.pagesLabel} pages={PAGES} />;
