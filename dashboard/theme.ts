/** Verdigris and copper: the same metal after and before the weather. All other colours stay neutral so that a fault stands out. */
import { createTheme, defaultVariantColorsResolver, type CSSVariablesResolver, type MantineColorsTuple } from "@mantine/core";

const verdigris: MantineColorsTuple = [
  "#e8f6f3",
  "#cdebe5",
  "#a3dbcf",
  "#78ccba",
  "#52c2ad",
  "#34a893",
  "#1f8c7a",
  "#12756a",
  "#0a6254",
  "#064a40",
];
const copper: MantineColorsTuple = [
  "#fbf1e8",
  "#f4dfcb",
  "#ebc7a2",
  "#e5b082",
  "#e0965c",
  "#cd7c3d",
  "#b2662b",
  "#98531f",
  "#854817",
  "#67360f",
];
const dark: MantineColorsTuple = [
  "#e8eceb",
  "#c5cdcc",
  "#aab4b4",
  "#8b9697",
  "#3a464a",
  "#283134",
  "#1c2326",
  "#151a1c",
  "#0e1213",
  "#0a0d0e",
];
const gray: MantineColorsTuple = [
  "#f7f6f2",
  "#f0eee9",
  "#e6e3db",
  "#dcd8ce",
  "#c4c0b5",
  "#8d8a81",
  "#5d6566",
  "#4b5455",
  "#33393a",
  "#191d1d",
];
const red: MantineColorsTuple = [
  "#fdeeea",
  "#f9d5cc",
  "#f4b1a1",
  "#f09683",
  "#f17f69",
  "#e2604a",
  "#cb4630",
  "#b23a26",
  "#a5301d",
  "#7f2011",
];

export const theme = createTheme({
  colors: { verdigris, copper, dark, gray, red },
  primaryColor: "verdigris",
  primaryShade: { light: 8, dark: 4 },
  // Filled things are light in the dark scheme and dark in the light one; one ink cannot stand on both.
  variantColorResolver: (input) => ({
    ...defaultVariantColorsResolver(input),
    ...(input.variant === "filled" ? { color: "var(--on-fill)" } : {}),
  }),
  defaultRadius: 4,
  cursorType: "pointer",
  fontFamily: '"Inter", "SF Pro Text", "Segoe UI Variable Text", "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", Arial, sans-serif',
  fontFamilyMonospace: '"JetBrains Mono", "SF Mono", "Cascadia Mono", Consolas, "Liberation Mono", "DejaVu Sans Mono", monospace',
  fontSizes: { xs: "0.75rem", sm: "0.8125rem", md: "0.875rem", lg: "1rem", xl: "1.25rem" },
  headings: {
    fontWeight: "600",
    sizes: {
      h1: { fontSize: "1.25rem", lineHeight: "1.3" },
      h2: { fontSize: "0.875rem", lineHeight: "1.4" },
      h3: { fontSize: "0.8125rem", lineHeight: "1.4" },
    },
  },
});

export const variables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    "--mantine-color-body": "var(--bg)",
    "--mantine-color-text": "var(--ink)",
    "--mantine-color-dimmed": "var(--ink-2)",
    "--mantine-color-default-border": "var(--line-2)",
    "--mantine-color-error": "var(--bad-ink)",
    "--mantine-color-placeholder": "var(--ink-3)",
  },
  dark: {
    "--mantine-color-body": "var(--bg)",
    "--mantine-color-text": "var(--ink)",
    "--mantine-color-dimmed": "var(--ink-2)",
    "--mantine-color-default-border": "var(--line-2)",
    "--mantine-color-error": "var(--bad-ink)",
    "--mantine-color-placeholder": "var(--ink-3)",
  },
});
