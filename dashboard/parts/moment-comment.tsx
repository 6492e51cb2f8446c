import { ActionIcon, Popover } from "@mantine/core";
import { IconMessagePlus } from "@tabler/icons-react";
import { useState, type ReactNode } from "react";
import { dayTime } from "../format.ts";
import { teamText } from "../texts-team.ts";
import { CommentForm } from "./comments.tsx";
import { useSelf } from "./self.ts";

const text = teamText.comments;

/** Comments on the moment at which a replay stands; written down now, about then. */
const MomentComment = ({ ts }: { readonly ts: number }): ReactNode => {
  const self = useSelf();
  const [about, setAbout] = useState<number | null>(null);
  if (!self.mayNow("addComment")) return null;
  return (
    <Popover opened={about !== null} onChange={(open) => (open ? null : setAbout(null))} width={340} position="top-end" trapFocus>
      <Popover.Target>
        <ActionIcon
          variant="default"
          size="lg"
          aria-label={text.atMoment}
          aria-expanded={about !== null}
          onClick={() => setAbout(about === null ? Math.round(ts) : null)}
        >
          <IconMessagePlus size={16} />
        </ActionIcon>
      </Popover.Target>
      <Popover.Dropdown aria-label={text.atMoment}>
        {about === null ? null : (
          <>
            <p className="quiet">{text.of.moment(dayTime(about))}</p>
            <CommentForm about={{ of: "moment", ts: about }} onDone={() => setAbout(null)} />
          </>
        )}
      </Popover.Dropdown>
    </Popover>
  );
};
export default MomentComment;
