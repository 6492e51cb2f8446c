import { ActionIcon, useComputedColorScheme, useMantineColorScheme } from "@mantine/core";
import { IconMoon, IconSun } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { say } from "../texts.ts";

/** Changes between light and dark. */
export const SchemeToggle = (): ReactNode => {
  const isDark = useComputedColorScheme("dark") === "dark";
  const { setColorScheme } = useMantineColorScheme();
  return (
    <ActionIcon
      variant="subtle"
      color="gray"
      size="lg"
      c="inherit"
      onClick={() => setColorScheme(isDark ? "light" : "dark")}
      aria-label={isDark ? say.head.toLight : say.head.toDark}
    >
      {isDark ? <IconSun size={18} /> : <IconMoon size={18} />}
    </ActionIcon>
  );
};
