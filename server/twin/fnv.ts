/** FNV-1a of bytes, 32 bits (IETF draft-eastlake-fnv): short and quick, for telling things apart where nobody lies. */
export const fnv1a = (bytes: Uint8Array): number => {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
};
