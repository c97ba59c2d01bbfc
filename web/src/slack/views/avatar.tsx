// A person's colour and initials stand for a picture, which would have to come from somewhere.

import { usePage } from "../context";

export function initials(name: string): string {
  const words = name.split(/[\s._-]+/).filter(Boolean);
  return ((words[0]?.[0] ?? "?") + (words[1]?.[0] ?? "")).toUpperCase();
}

const PLAIN = "5b6675";

/** The colour that can be read on another one: light on dark, and dark on light (WCAG 2.2, contrast). */
export function inkOn(colour: string): string {
  const part = (at: number) => {
    const share = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  };
  const luminance = 0.2126 * part(0) + 0.7152 * part(2) + 0.0722 * part(4);
  return 1.05 / (luminance + 0.05) >= 4.5 ? "#ffffff" : "#000000";
}

export function Avatar({ user, name, size = "" }: { user: string; name?: string; size?: "" | "small" | "tiny" }) {
  const { state } = usePage();
  const known = state.users[user];
  const bot = known?.is_bot ?? true;
  const colour = /^[0-9a-f]{6}$/i.test(known?.color ?? "") ? known?.color ?? PLAIN : PLAIN;
  return (
    <span className={`avatar ${size}${bot ? " bot" : ""}`} style={{ backgroundColor: `#${colour}`, color: inkOn(colour) }} aria-hidden="true">
      {initials(name || known?.real_name || known?.name || user)}
    </span>
  );
}
