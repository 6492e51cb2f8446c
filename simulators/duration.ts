/** Times as people write them: "90s", "5m", "1h30m", "250ms", "-3h", "2d". */
const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Gives milliseconds, or null where the text is not a duration. */
export const durationOf = (text: string): number | null => {
  const match = /^(-?)((?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+)$/.exec(text.trim());
  if (match === null) return text.trim() === "0" ? 0 : null;
  let total = 0;
  for (const [, count, name] of (match[2] ?? "").matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g))
    total += Number(count) * (UNITS[name ?? ""] ?? 0);
  return Math.round(match[1] === "-" ? -total : total);
};
