/** Which passwords protect something. */

/** Words that are tried first by everybody; none of them protects anything. */
const KNOWN = new Set(
  "admin password passw0rd changeme change-me rigtwin root secret default 123456 12345678 1234567890 qwerty letmein test demo miner mining bitcoin public guest user".split(
    " ",
  ),
);
export const LEAST_LETTERS = 10;

/** True where it is empty or one of those that everybody tries first. */
export const isKnown = (password: string): boolean => KNOWN.has(password.toLowerCase()) || new Set(password).size < 4;

/** Why a password is not taken, null where it is. */
export const weakness = (password: string): string | null => {
  if (password.length < LEAST_LETTERS) return `must have at least ${LEAST_LETTERS} characters`;
  if (password.length > 200) return "must have at most 200 characters";
  if (isKnown(password)) return "is one that everybody tries first";
  return null;
};
