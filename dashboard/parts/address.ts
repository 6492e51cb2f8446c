import { useCallback } from "react";
import { useSearchParams } from "wouter";

export interface Address {
  /** Value of a name in the page's address, "" where it is not there. */
  readonly get: (name: string) => string;
  /** Sets values, "" removes; the page's history does not grow by it. */
  readonly put: (values: Readonly<Record<string, string>>) => void;
}

/** What a page keeps in its address, so that it can be shared and come back to. */
export const useAddress = (): Address => {
  const [search, setSearch] = useSearchParams();
  const put = useCallback(
    (values: Readonly<Record<string, string>>): void =>
      setSearch(
        (before) => {
          const next = new URLSearchParams(before);
          for (const [name, value] of Object.entries(values)) {
            if (value === "") next.delete(name);
            else next.set(name, value);
          }
          return next;
        },
        { replace: true },
      ),
    [setSearch],
  );
  return { get: (name) => search.get(name) ?? "", put };
};
