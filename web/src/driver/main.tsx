// Where the driver's app begins.

import * as words from "virtual:words/driver";
import { startWords } from "@kit/i18n";
import { Providers } from "@kit/Providers";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

await startWords(words);
createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <Providers>
      <p>Currant</p>
    </Providers>
  </StrictMode>,
);
