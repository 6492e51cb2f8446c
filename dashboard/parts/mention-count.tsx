import type { ReactNode } from "react";
import { teamText } from "../texts-team.ts";
import { useMentions } from "./self.ts";
import { toned } from "./value.tsx";

/** How many comments that mention the reader were not seen yet, beside the page where they stand. */
export const MentionCount = (): ReactNode => {
  const unseen = useMentions().data?.unseen ?? 0;
  return unseen === 0 ? null : (
    <span className="nav-count" style={toned("copper")} aria-label={teamText.mentions.badge(unseen)}>
      {unseen}
    </span>
  );
};
