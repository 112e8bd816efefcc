import { defineConfig } from "vite";

const PAGES = ["line", "join", "token", "counter"];

export default defineConfig({
  build: {
    outDir: "../app/web/built",
    emptyOutDir: true,
    target: "es2022",
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0, // Our Content-Security-Policy allows no data: addresses.
    rollupOptions: { input: PAGES.map((page) => `${page}.html`) },
  },
});
