// Where the driver's app begins.
import "./driver.css";
import * as words from "virtual:words/driver";
import { startWords } from "@kit/i18n";
import { QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app/App";
import { queries } from "./app/api";
import { startColours } from "./app/brand";
import { startWorker } from "./app/update";

startColours();
await startWords(words, { alone: true });
createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <App />
    </QueryClientProvider>
  </StrictMode>,
);
// What the worker fetches must not stand in the way of what the driver waits for.
if (document.readyState === "complete") setTimeout(startWorker, 1500);
else window.addEventListener("load", () => setTimeout(startWorker, 1500));
