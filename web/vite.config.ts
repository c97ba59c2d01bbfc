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
    // Browsers that know light-dark() themselves: what older ones are given cannot be switched by hand.
    target: ["chrome125", "edge125", "firefox128", "safari18"],
    assetsInlineLimit: 0, // a data: address would break the content policy of Baton's pages
    modulePreload: { polyfill: false },
    rollupOptions: { input: ["devslack.html", "demo.html"] },
  },
});
