// Light or dark: what the system says, until somebody chooses.

export type Theme = "system" | "light" | "dark";

const KEPT = "baton-theme";
const SCHEMES: Record<Theme, string> = { system: "light dark", light: "light", dark: "dark" };

export function isTheme(value: unknown): value is Theme {
  return typeof value === "string" && Object.hasOwn(SCHEMES, value);
}

export function keptTheme(): Theme {
  const kept = window.localStorage.getItem(KEPT);
  return isTheme(kept) ? kept : "system";
}

/** Shows the page in `theme`. All colours are written with `light-dark()`, so this is all there is. */
export function show(theme: Theme): void {
  document.documentElement.style.colorScheme = SCHEMES[theme];
}

export function keep(theme: Theme): void {
  window.localStorage.setItem(KEPT, theme);
  show(theme);
}
