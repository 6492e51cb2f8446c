/** E-mail over SMTP. The server's name is resolved once and judged; its certificate is checked against the name. */
import type { Channel, Secrets } from "../../twin/notify/shapes.ts";
import { pin, Unreachable } from "./guard.ts";
import type { Letter } from "./letter.ts";
import { Unheard, type Wire } from "./post.ts";

interface SmtpFault extends Error {
  readonly code?: string;
  readonly response?: string;
  readonly responseCode?: number;
}

/** Gives the server's last answer. Throws Unreachable where it did not take the message, Unheard where that is not known. */
export const sendEmail = async (
  { host, port, security, user, from, to }: Extract<Channel, { kind: "email" }>,
  { password = "" }: Secrets,
  letter: Letter,
  wire: Wire,
): Promise<string> => {
  const { address } = await pin(host, wire.allowed);
  // Loaded by the first e-mail: most farms that send none need not hold it.
  const { createTransport } = await import("nodemailer");
  let isGiven = false;
  const nothing = (): void => undefined;
  const transport = createTransport({
    host: address,
    port,
    secure: security === "tls",
    requireTLS: security === "starttls",
    ignoreTLS: security === "none",
    tls: { servername: host },
    name: "rigtwin.invalid",
    connectionTimeout: wire.timeoutMs,
    greetingTimeout: wire.timeoutMs,
    socketTimeout: wire.timeoutMs,
    // The error of a timeout does not say how far it came; the log does: the whole message went out.
    logger: {
      level: nothing,
      trace: nothing,
      debug: nothing,
      info: (entry: unknown) => {
        if ((entry as { tnx?: unknown } | null)?.tnx === "message") isGiven = true;
      },
      warn: nothing,
      error: nothing,
      fatal: nothing,
    },
    disableFileAccess: true,
    disableUrlAccess: true,
    ...(user === "" ? {} : { auth: { user, pass: password } }),
  });
  const { notice, link } = letter;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tooLong = new Promise<never>((_, fail) => {
    // One that sends a byte now and then outwits a timeout of silence.
    timer = setTimeout(() => {
      fail(new Unheard(`${host}:${port} did not come to an end within ${(3 * wire.timeoutMs) / 1_000} s.`));
      transport.close();
    }, 3 * wire.timeoutMs);
  });
  try {
    const sending = transport.sendMail({
      from: { name: `Rigtwin ${letter.site}`, address: from },
      to: [...to],
      subject: notice.title,
      text: `${[...notice.lines, ...(link === null ? [] : ["", link])].join("\n")}\n`,
      messageId: `<${letter.id}@rigtwin.invalid>`,
      headers: { "Auto-Submitted": "auto-generated", "X-Rigtwin-Severity": notice.severity },
    });
    const told = await Promise.race([sending, tooLong]);
    return String(told.response);
  } catch (error) {
    if (error instanceof Unheard) throw error;
    const fault = error as SmtpFault;
    const says = `${host}:${port} ${fault.response ?? fault.code ?? ""}${fault.response === undefined ? ` ${fault.message}` : ""}`.trim();
    throw fault.responseCode === undefined && isGiven ? new Unheard(says) : new Unreachable(says);
  } finally {
    clearTimeout(timer);
    transport.close();
  }
};
