import type { ReactNode } from "react";
import { Link, useLocation } from "wouter";
import "../look/alarms.css";
import { alarmText as text } from "../texts-alarms.ts";

const PAGES = [
  ["/alarms", text.pages.alarms],
  ["/alarms/windows", text.pages.windows],
  ["/alarms/rules", text.pages.rules],
  ["/alarms/notifications", text.pages.notifications],
] as const;

/** The pages about alarms, one beside the other. */
export const AlarmPages = (): ReactNode => {
  const [location] = useLocation();
  return (
    <nav className="sub-pages" aria-label={text.pagesLabel}>
      {PAGES.map(([to, label]) => (
        <Link key={to} to={to} aria-current={location === to ? "page" : undefined}>
          {label}
        </Link>
      ))}
    </nav>
  );
};
