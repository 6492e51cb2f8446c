import type { ReactNode } from "react";

/** The sign: a rig and its twin, one solid, one drawn. */
export const Mark = ({ size = 22 }: { readonly size?: number }): ReactNode => (
  <svg width={size} height={size} viewBox="0 0 22 22" aria-hidden>
    <rect x="2" y="2" width="7.5" height="18" rx="1.5" fill="var(--accent)" />
    <rect x="13.25" y="2.75" width="6" height="16.5" rx="1" fill="none" stroke="var(--copper)" strokeWidth="1.5" />
  </svg>
);
