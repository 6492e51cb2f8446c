/** One figure of every day. */
export interface DaySeries {
  readonly label: string;
  readonly as: "bar" | "line";
  /** Name of a colour token. */
  readonly tone: string;
  /** One a day; null where nothing is known of the day. */
  readonly values: readonly (number | null)[];
  readonly dashed?: boolean;
  readonly stepped?: boolean;
}
