export type Program = "influxd" | "mosquitto" | "chromium";
export const PROGRAMS: Readonly<Record<Program, { readonly names: readonly string[]; readonly debian: string }>>;
export const variableOf: (program: Program) => string;
export const find: (program: Program) => string | null;
