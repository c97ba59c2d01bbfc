import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { isTheme, keptTheme, show } from "../theme";
import { SlackPage } from "./page";
import "../theme.css";
import "./style/layout.css";
import "./style/message.css";
import "./style/controls.css";
import "./style/inspector.css";

show(keptTheme());
// A page that frames this one may choose how it looks, and nothing else.
window.addEventListener("message", (event: MessageEvent<unknown>) => {
  const said = event.data as { theme?: unknown } | null;
  if (event.source === window.parent && isTheme(said?.theme)) show(said.theme);
});

const place = document.getElementById("page");
if (place)
  createRoot(place).render(
    <StrictMode>
      <SlackPage />
    </StrictMode>,
  );
