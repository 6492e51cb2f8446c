import type { ReactNode } from "react";
import { curtailText as text } from "../texts-curtail.ts";
import { SubPages } from "./sub-pages.tsx";

const PAGES = [
  ["/energy", text.energy],
  ["/energy/curtailment", text.title],
] as const;

export const EnergyPages = (): ReactNode => <SubPages label={text.pagesLabel} pages={PAGES} />;
