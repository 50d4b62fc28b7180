/** Mounts the console. */
import "@mantine/core/styles.css";
import "@mantine/notifications/styles.css";
import "./app/tokens.css";
import "./app/global.css";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { session } from "./api/session";
import { App } from "./app/App";
import { startLanguage } from "./i18n";

void session.start();

const root = document.getElementById("root");
if (!root) throw new Error("index.html has no #root");
const mount = () =>
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
void startLanguage().then(mount);
