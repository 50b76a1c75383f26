// What every page stands in: theme, direction, queries, notices, questions.
import "@mantine/core/styles.css";
import "@mantine/notifications/styles.css";
import "@mantine/spotlight/styles.css";
import "@mantine/dates/styles.css";
import "./kit.css";
import {
  DirectionProvider,
  MantineProvider,
  type MantineThemeOverride,
  mergeThemeOverrides,
  useDirection,
} from "@mantine/core";
import { ModalsProvider } from "@mantine/modals";
import { Notifications } from "@mantine/notifications";
import { QueryClientProvider } from "@tanstack/react-query";
import { type ReactNode, useEffect, useMemo } from "react";
import { useTranslation } from "react-i18next";
import { queries } from "./api/client";
import { themeOf } from "./branding";
import { directionOf } from "./i18n";

const nonce = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content;
// Where dialogs get the nonce from for the styles with which they hold the page behind them still.
Object.assign(globalThis, { __webpack_nonce__: nonce });

function Direction({ children }: { children: ReactNode }) {
  const { i18n } = useTranslation();
  const { setDirection } = useDirection();
  const direction = directionOf(i18n.language);
  useEffect(() => setDirection(direction), [direction, setDirection]);
  return children;
}

// Crosses and sliders have no words of their own.
function named(t: (key: string) => string): MantineThemeOverride {
  const clears = { defaultProps: { clearButtonProps: { "aria-label": t("table.clear") } } };
  const closes = { defaultProps: { closeButtonProps: { "aria-label": t("feedback.close") } } };
  const colours = { saturationLabel: t("colours.saturation"), hueLabel: t("colours.hue") };
  const names = [
    "Select",
    "MultiSelect",
    "TagsInput",
    "Autocomplete",
    "FileInput",
    "DateInput",
    "DateTimePicker",
    "DatePickerInput",
    "TimePicker",
  ];
  return {
    components: {
      ...Object.fromEntries(names.map((name) => [name, clears])),
      Modal: closes,
      Drawer: closes,
      ColorPicker: { defaultProps: colours },
    },
  };
}

export function Providers({ colour, children }: { colour?: string; children: ReactNode }) {
  const { t } = useTranslation();
  const theme = useMemo(() => mergeThemeOverrides(themeOf(colour), named(t)), [colour, t]);
  return (
    <DirectionProvider>
      <MantineProvider theme={theme} defaultColorScheme="auto" getStyleNonce={() => nonce ?? ""}>
        <QueryClientProvider client={queries}>
          <Direction>
            <ModalsProvider labels={{ confirm: t("ask.confirm"), cancel: t("ask.cancel") }}>
              <Notifications position="bottom-right" limit={4} />
              {children}
            </ModalsProvider>
          </Direction>
        </QueryClientProvider>
      </MantineProvider>
    </DirectionProvider>
  );
}
