export type Program = "influxd" | "mosquitto" | "chromium";
export declare const PROGRAMS: Readonly<Record<Program, { readonly names: readonly string[]; readonly debian: string }>>;
export declare const variableOf: (program: Program) => string;
export declare const find: (program: Program) => string | null;
