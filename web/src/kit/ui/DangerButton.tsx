// A button for what cannot be undone: its words in the tone of trouble, readable on light and dark.
import { Button, type ButtonProps, useComputedColorScheme } from "@mantine/core";
import type { ReactNode } from "react";
import { TONES } from "../branding";

interface Props extends Omit<ButtonProps, "variant" | "color"> {
  onClick: () => void;
  children: ReactNode;
}

export function DangerButton(props: Props) {
  const scheme = useComputedColorScheme("light");
  const colour = TONES.bad[scheme];
  return <Button {...props} variant="default" styles={{ root: { color: colour, borderColor: colour } }} />;
}
