// The keyboard: g and a letter to a page, / to the search, ? for this list.
import { Group, Kbd, Modal, Stack, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { PAGES } from "../pages";
import { useMay } from "../session";
import { openPalette } from "./Palette";

const WAITS_MS = 1200;

const isWriting = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

export function Shortcuts() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const may = useMay();
  const [opened, list] = useDisclosure(false);
  const begun = useRef(0);
  const pages = PAGES.filter((page) => page.shortcut && may(page.permission));
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isWriting(event.target)) return;
      if (event.key === "?") list.open();
      else if (event.key === "/") {
        event.preventDefault();
        openPalette();
      } else if (event.key === "g") begun.current = event.timeStamp;
      else if (event.timeStamp - begun.current < WAITS_MS) {
        begun.current = 0;
        const page = pages.find((each) => each.shortcut === event.key);
        if (page) {
          event.preventDefault();
          navigate({ to: page.path });
        }
      }
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, [pages, navigate, list]);
  return (
    <Modal opened={opened} onClose={list.close} title={t("shortcuts.title")} size="sm">
      <Stack gap="xs">
        <Line keys={["Ctrl", "K"]} words={t("shell.search")} />
        <Line keys={["/"]} words={t("shell.search")} />
        <Line keys={["?"]} words={t("shortcuts.title")} />
        {pages.map((page) => (
          <Line key={page.path} keys={["g", page.shortcut!]} words={t(page.title)} />
        ))}
        <Line keys={["↑", "↓", "Enter"]} words={t("shortcuts.table")} />
      </Stack>
    </Modal>
  );
}

function Line({ keys, words }: { keys: string[]; words: string }) {
  return (
    <Group justify="space-between" wrap="nowrap">
      <Text size="sm">{words}</Text>
      <Group gap={4} wrap="nowrap" dir="ltr">
        {keys.map((key) => (
          <Kbd key={key}>{key}</Kbd>
        ))}
      </Group>
    </Group>
  );
}
