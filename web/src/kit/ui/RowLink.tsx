// A link in a long list: as good as any other, and so light that hundreds come and go while one scrolls.
import { useRouter } from "@tanstack/react-router";
import type { MouseEvent, ReactNode } from "react";
import classes from "./DataTable.module.css";

interface Props {
  // Where it leads within the application.
  to: string;
  strong?: boolean;
  children: ReactNode;
}

export function RowLink({ to, strong, children }: Props) {
  const router = useRouter();
  const go = (event: MouseEvent) => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    router.navigate({ to: to as "/" });
  };
  const base = router.options.basepath ?? "";
  return (
    <a
      href={`${base === "/" ? "" : base}${to}`}
      className={strong ? classes.strongLink : classes.link}
      onClick={go}
    >
      {children}
    </a>
  );
}
