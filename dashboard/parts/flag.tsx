import { IconAlertTriangle } from "@tabler/icons-react";
import type { ReactNode } from "react";
import type { Quality } from "../../server/twin/reading.ts";
import { say } from "../texts.ts";
import { toned } from "./value.tsx";

/** Stands beside a value that is not to be trusted, and says why. */
export const Flag = ({ quality }: { readonly quality: Quality | undefined }): ReactNode =>
  quality === undefined || quality === "ok" || quality === "missing" ? null : (
    <span className="tag toned flag" style={toned("sev-minor")} title={say.qualities[quality]}>
      <IconAlertTriangle size={11} aria-hidden />
      {quality}
    </span>
  );
