// A form whose fields stand one below the other.
import { Stack } from "@mantine/core";
import type { ComponentProps, ReactNode } from "react";

interface Props {
  onSubmit: ComponentProps<"form">["onSubmit"];
  gap?: string;
  children: ReactNode;
}

// What is wrong is said by us, in the reader's language, and not by the browser.
export function Form({ onSubmit, gap = "md", children }: Props) {
  return (
    <form onSubmit={onSubmit} noValidate>
      <Stack gap={gap}>{children}</Stack>
    </form>
  );
}
