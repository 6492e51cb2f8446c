/** How a Sparkplug host says that it is there (Eclipse Sparkplug 3.0.0, 5.13 and 6.4.24: `spBv1.0/STATE/{host_id}`). */
export const hostState = (site: string) => ({
  topic: `spBv1.0/STATE/rigtwin-${site}`,
  /** Birth and Will of one connection carry the same time. */
  payload: (online: boolean, timestamp: number): Uint8Array => new TextEncoder().encode(JSON.stringify({ online, timestamp })),
});
