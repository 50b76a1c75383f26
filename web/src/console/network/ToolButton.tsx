// A button of a page's head: with its words where there is room, its shape alone on phones.
import { ActionIcon, Button } from "@mantine/core";
import type { TablerIcon } from "@tabler/icons-react";

interface Props {
  icon: TablerIcon;
  words: string;
  disabled?: boolean;
  onClick: () => void;
}

export function ToolButton({ icon: Icon, words, disabled, onClick }: Props) {
  return (
    <>
      <Button
        variant="default"
        visibleFrom="sm"
        leftSection={<Icon size={16} aria-hidden />}
        disabled={disabled}
        onClick={onClick}
      >
        {words}
      </Button>
      <ActionIcon
        variant="default"
        size={44}
        hiddenFrom="sm"
        aria-label={words}
        disabled={disabled}
        onClick={onClick}
      >
        <Icon size={20} />
      </ActionIcon>
    </>
  );
}
