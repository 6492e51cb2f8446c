import encodeQR from "qr";
import type { ReactNode } from "react";

const QUIET = 4;

/** A QR code (ISO/IEC 18004) with its quiet zone; dark on light in either scheme, as cameras want it. */
export const Qr = ({ text, label, size = 208 }: { readonly text: string; readonly label: string; readonly size?: number }): ReactNode => {
  const modules = encodeQR(text, "raw", { border: QUIET, ecc: "medium" });
  const path = modules.flatMap((line, y) => line.flatMap((isDark, x) => (isDark ? [`M${x} ${y}h1v1h-1z`] : []))).join("");
  return (
    <svg className="qr" role="img" aria-label={label} viewBox={`0 0 ${modules.length} ${modules.length}`} width={size} height={size}>
      <rect width="100%" height="100%" fill="#fff" />
      <path d={path} fill="#000" shapeRendering="crispEdges" />
    </svg>
  );
};
