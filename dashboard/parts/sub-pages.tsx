import type { ReactNode } from "react";
import { Link, useLocation } from "wouter";
import "../look/alarms.css";

/** Pages that belong together, one beside the other. */
export const SubPages = ({
  label,
  pages,
}: {
  readonly label: string;
  readonly pages: readonly (readonly [to: string, label: string])[];
}): ReactNode => {
  const [location] = useLocation();
  return (
    <nav className="sub-pages" aria-label={label}>
      {pages.map(([to, name]) => (
        <Link key={to} to={to} aria-current={location === to ? "page" : undefined}>
          {name}
        </Link>
      ))}
    </nav>
  );
};
