// A person's colour and initials stand for a picture, which would have to come from somewhere.

import { usePage } from "../context";

export function initials(name: string): string {
  const words = name.split(/[\s._-]+/).filter(Boolean);
  return ((words[0]?.[0] ?? "?") + (words[1]?.[0] ?? "")).toUpperCase();
}

export function Avatar({ user, name, size = "" }: { user: string; name?: string; size?: "" | "small" | "tiny" }) {
  const { state } = usePage();
  const known = state.users[user];
  const bot = known?.is_bot ?? true;
  const colour = /^[0-9a-f]{6}$/i.test(known?.color ?? "") ? `#${known?.color}` : "#5b6675";
  return (
    <span className={`avatar ${size}${bot ? " bot" : ""}`} style={{ backgroundColor: colour }} aria-hidden="true">
      {initials(name || known?.real_name || known?.name || user)}
    </span>
  );
}
