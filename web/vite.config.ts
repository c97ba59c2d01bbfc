import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// Two pages: the local Slack (served by devslack) and the demo (served by Baton). Both find their
// files under ./assets, whatever the path they are served below.
export default defineConfig({
  plugins: [react()],
  base: "./",
  build: {
    outDir: "../handlers/http/static",
    emptyOutDir: true,
    assetsInlineLimit: 0, // a data: address would break the content policy of Baton's pages
    modulePreload: { polyfill: false },
    rollupOptions: { input: ["devslack.html", "demo.html"] },
  },
});
