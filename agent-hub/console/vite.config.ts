/** One build for the browser; `--mode mock` adds an invented server for looking at screens, never in a build. */
import react from "@vitejs/plugin-react";
import { defineConfig, type UserConfig } from "vite";
import { precompress } from "./build/precompress.ts";

const API = process.env.BALCAO_API ?? "http://127.0.0.1:8080";

export default defineConfig(async ({ mode, command }): Promise<UserConfig> => {
  const mocked = mode === "mock" && command === "serve";
  return {
    plugins: [
      react(),
      precompress({ max_js_gzip_bytes: 250_000 }),
      mocked ? (await import("./dev/mock/index.ts")).mockServer() : null,
    ],
    build: {
      target: "es2022",
      // A strict content security policy allows no data: URLs.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      reportCompressedSize: false,
      rolldownOptions: {
        output: {
          // React changes rarely: browsers keep it over many releases of ours. Everything else is cut where dialogs
          // and pages begin; groups of our own would carry their libraries into the first screen.
          codeSplitting: {
            groups: [{ name: "react", test: /node_modules[\\/](?:react|react-dom|scheduler)[\\/]/ }],
          },
        },
      },
    },
    server: {
      host: "127.0.0.1",
      proxy: mocked
        ? {}
        : {
            "/api": {
              target: API,
              ws: true,
              changeOrigin: true,
              rewriteWsOrigin: true,
              // The server takes requests of its own pages only.
              headers: { origin: API },
            },
          },
    },
  };
});
