/** Texts of the door. */
export const door = {
  title: "Rigtwin",
  lead: "Log in with the name you were given. The first admin's password was printed once, when the server started for the first time.",
  name: "Name",
  password: "Password",
  code: "Code of your authenticator app",
  codeHint: "Only where you have set one up",
  enter: "Log in",
  show: "Show or hide the password",
  or: "or",
  wallet: (name: string) => `Log in with ${name}`,
  walletHint: "Owners of a twin's token see it without an account.",
  statement: "Log in to Rigtwin. This costs nothing and moves nothing.",
  noAccount: "The wallet gave no account.",
} as const;
