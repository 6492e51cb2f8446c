import { useLocalStorage } from "@mantine/hooks";

/** The pseudonym under which this browser's reader acts; asked once, kept here only. */
export const useBadge = (): readonly [string, (badge: string) => void] => {
  const [badge, setBadge] = useLocalStorage({ key: "rigtwin-badge", defaultValue: "", getInitialValueInEffect: false });
  return [badge, setBadge];
};
