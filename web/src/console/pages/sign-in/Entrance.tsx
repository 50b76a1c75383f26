// The frame of the pages for who is not signed in: whose installation it is, the language, one card.
import { languages, speak } from "@kit/i18n";
import {
  ActionIcon,
  Box,
  Group,
  Menu,
  Paper,
  Stack,
  Text,
  Title,
  useComputedColorScheme,
  useMantineColorScheme,
} from "@mantine/core";
import { IconLanguage, IconMoon, IconSun } from "@tabler/icons-react";
import { type ReactNode, useEffect } from "react";
import { useTranslation } from "react-i18next";
import { useEntrance } from "./entrance-query";

interface Props {
  title: string;
  subtitle?: ReactNode;
  wide?: boolean;
  children: ReactNode;
}

export function Entrance({ title, subtitle, wide, children }: Props) {
  const { t, i18n } = useTranslation();
  const { data: entrance } = useEntrance();
  const { setColorScheme } = useMantineColorScheme();
  const colorScheme = useComputedColorScheme("light");
  useEffect(() => {
    document.title = `${title} · Currant`;
  }, [title]);
  return (
    <Box mih="100dvh" bg="var(--currant-soft)" style={{ display: "flex", flexDirection: "column" }}>
      <Group justify="flex-end" p="sm" gap="xs" component="header">
        <ActionIcon
          variant="subtle"
          color="gray"
          size="xl"
          c="inherit"
          aria-label={colorScheme === "dark" ? t("shell.light") : t("shell.dark")}
          onClick={() => setColorScheme(colorScheme === "dark" ? "light" : "dark")}
        >
          {colorScheme === "dark" ? <IconSun size={20} /> : <IconMoon size={20} />}
        </ActionIcon>
        <Menu position="bottom-end">
          <Menu.Target>
            <ActionIcon variant="subtle" color="gray" c="inherit" size="xl" aria-label={t("shell.language")}>
              <IconLanguage size={20} />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            {languages().map((language) => (
              <Menu.Item
                key={language.code}
                lang={language.code}
                fw={language.code === i18n.language ? 700 : 400}
                onClick={() => speak(language.code)}
              >
                {language.name}
              </Menu.Item>
            ))}
          </Menu.Dropdown>
        </Menu>
      </Group>
      <Stack component="main" align="center" justify="center" gap="lg" px="md" pb="xl" style={{ flex: 1 }}>
        <Group gap="sm" wrap="nowrap">
          <img src="/icon.svg" alt="" width={40} height={40} />
          <div>
            <Text fw={700} fz="lg" lh={1.2}>
              Currant
            </Text>
            {entrance?.organisation && entrance.organisation !== "Currant" && (
              <Text size="sm" c="dimmed" lh={1.2}>
                {entrance.organisation}
              </Text>
            )}
          </div>
        </Group>
        <Paper
          withBorder
          shadow="sm"
          p={{ base: "md", xs: "xl" }}
          w="100%"
          maw={wide ? 620 : 420}
          radius="lg"
        >
          <Stack gap="md">
            <div>
              <Title order={1} fz="h3">
                {title}
              </Title>
              {subtitle && (
                <Text c="dimmed" size="sm" mt={4} component="div">
                  {subtitle}
                </Text>
              )}
            </div>
            {children}
          </Stack>
        </Paper>
      </Stack>
    </Box>
  );
}
