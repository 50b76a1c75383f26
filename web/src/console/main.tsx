// Where the console begins.

import * as words from "virtual:words/console";
import { startWords } from "@kit/i18n";
import { Providers } from "@kit/Providers";
import { watchParts } from "@kit/parts";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { router } from "./router";

watchParts();
await startWords(words);
createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <Providers>
      <RouterProvider router={router} />
    </Providers>
  </StrictMode>,
);
