export type Program = "influxd" | "mosquitto" | "chromium" | "headless";
export declare const PROGRAMS: Readonly<
  Record<Program, { readonly names: readonly string[]; readonly debian: string; readonly standIn?: Program }>
>;
export declare const variableOf: (program: Program) => string;
export declare const find: (program: Program) => string | null;
