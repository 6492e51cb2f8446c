import type { ReactNode } from "react";
import { curtailText as text } from "../texts-curtail.ts";
import { sourcesText } from "../texts-energy.ts";
import { reportText } from "../texts-report.ts";
import { SubPages } from "./sub-pages.tsx";

const PAGES = [
  ["/energy", text.energy],
  ["/energy/sources", sourcesText.title],
  ["/energy/curtailment", text.title],
  ["/energy/months", reportText.page],
] as const;

export const EnergyPages = (): ReactNode => <SubPages label={text.pagesLabel} pages={PAGES} />;
