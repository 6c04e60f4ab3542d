import { defineConfig } from "vite";

// `npm run dev` passes what the page asks of the server on to one that runs on this machine.
const server = "http://127.0.0.1:8480";
const routes = ["/whoami", "/limits", "/regions", "/events", "/jobs", "/tiles", "/settlements"];

export default defineConfig({
  // The page may be below a path of a proxy.
  base: "./",
  build: {
    target: "es2022",
    // The Content-Security-Policy lets nothing but pictures be data: addresses.
    assetsInlineLimit: 0,
    // MapLibre alone is over a megabyte.
    chunkSizeWarningLimit: 1500,
    rolldownOptions: {
      output: {
        // Servers agree on what a .js file is, and not on .mjs.
        assetFileNames: ({ names }) =>
          names.some((name) => name.endsWith(".mjs"))
            ? "assets/[name]-[hash].js"
            : "assets/[name]-[hash][extname]",
        codeSplitting: {
          groups: [{ name: "maplibre", test: /node_modules[\\/]maplibre-gl/ }],
        },
      },
    },
  },
  server: { proxy: Object.fromEntries(routes.map((route) => [route, server])) },
});
