// Who looks at what, as the page's address says it. Pure.

export interface Address {
  as: string;
  channel: string;
  /** A thread's ts, or `waiting`: whichever thread asks somebody something. */
  thread: string;
}

export const WAITING = "waiting";

export function readAddress(search: string): Address {
  const query = new URLSearchParams(search);
  return { as: query.get("as") ?? "", channel: query.get("channel") ?? "", thread: query.get("thread") ?? "" };
}

export function writeAddress(address: Address): string {
  const kept = Object.entries(address).filter(([, value]) => value);
  return `?${new URLSearchParams(kept)}`;
}
