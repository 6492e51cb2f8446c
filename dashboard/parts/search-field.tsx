/** The field at a page's head by which its list is narrowed. */
import { TextInput } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import type { ReactNode } from "react";

export const SearchField = ({
  label,
  value,
  onChange,
  onEnter,
}: {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly onEnter?: () => void;
}): ReactNode => (
  <TextInput
    size="xs"
    type="search"
    leftSection={<IconSearch size={14} />}
    placeholder={label}
    aria-label={label}
    value={value}
    onChange={(event) => onChange(event.currentTarget.value)}
    onKeyDown={(event) => {
      if (event.key === "Enter") onEnter?.();
    }}
  />
);
