/** What came of what was just asked for, beside the button that asked. */
import type { ReactNode } from "react";

export interface Said {
  readonly ok: boolean;
  readonly text: string;
}

export const SaidLine = ({ said }: { readonly said: Said | null }): ReactNode =>
  said === null ? null : (
    <span className={said.ok ? "quiet" : "bad"} role={said.ok ? "status" : "alert"}>
      {said.text}
    </span>
  );
