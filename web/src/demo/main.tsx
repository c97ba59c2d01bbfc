import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { keptTheme, show } from "../theme";
import { Page } from "./page";
import "../theme.css";
import "./demo.css";

show(keptTheme());

const place = document.getElementById("page");
if (place)
  createRoot(place).render(
    <StrictMode>
      <Page />
    </StrictMode>,
  );
