// The frame of the console: menu, search, who one is, and whether what is shown is live.

import { api } from "@kit/api/client";
import { languages, speak } from "@kit/i18n";
import { liveStream, type Standing } from "@kit/live/stream";
import {
  ActionIcon,
  AppShell,
  Avatar,
  Burger,
  Group,
  Kbd,
  Menu,
  NavLink,
  ScrollArea,
  Text,
  Tooltip,
  UnstyledButton,
  useComputedColorScheme,
  useMantineColorScheme,
} from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import {
  IconLanguage,
  IconLogout,
  IconMoon,
  IconSearch,
  IconSun,
  IconUser,
  IconUserCircle,
} from "@tabler/icons-react";
import { Link, Outlet, useLocation } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { PAGES } from "../pages";
import { useMay, useMe } from "../session";
import { openPalette, Palette } from "./Palette";
import { Shortcuts } from "./Shortcuts";

const SECTIONS = ["watch", "care", "access", "manage"] as const;

function Standingness() {
  const { t } = useTranslation();
  const [standing, setStanding] = useState<Standing>(liveStream().standing());
  useEffect(() => liveStream().onStanding(setStanding), []);
  if (standing !== "away") return null;
  return (
    <Text role="status" size="sm" fw={600} c="red">
      {t("shell.away")}
    </Text>
  );
}

export function Shell() {
  const { t, i18n } = useTranslation();
  const [opened, menu] = useDisclosure(false);
  const may = useMay();
  const me = useMe();
  const { pathname } = useLocation();
  const { setColorScheme } = useMantineColorScheme();
  const colorScheme = useComputedColorScheme("light");
  // biome-ignore lint/correctness/useExhaustiveDependencies: another page closes the menu
  useEffect(() => menu.close(), [pathname]);
  const leave = async () => {
    await api.POST("/api/v1/logout");
    window.location.assign("/console/sign-in");
  };
  return (
    <AppShell
      header={{ height: 56 }}
      navbar={{ width: 230, breakpoint: "sm", collapsed: { mobile: !opened } }}
      padding={{ base: "sm", sm: "lg" }}
    >
      <a className="skip-link" href="#main">
        {t("shell.skip")}
      </a>
      <AppShell.Header px="md">
        <Group h="100%" justify="space-between" wrap="nowrap">
          <Group gap="sm" wrap="nowrap">
            <Burger
              opened={opened}
              onClick={menu.toggle}
              hiddenFrom="sm"
              size="sm"
              aria-label={t("shell.menu")}
            />
            <UnstyledButton component={Link} to="/">
              <Group gap={8} wrap="nowrap">
                <img src="/icon.svg" alt="" width={28} height={28} />
                <Text fw={700}>Currant</Text>
              </Group>
            </UnstyledButton>
            <Standingness />
          </Group>
          <Group gap="xs" wrap="nowrap">
            <UnstyledButton
              onClick={openPalette}
              visibleFrom="sm"
              px="sm"
              py={6}
              bd="1px solid var(--mantine-color-default-border)"
              style={{ borderRadius: 8 }}
            >
              <Group gap="xs">
                <IconSearch size={16} aria-hidden />
                <Text size="sm" c="dimmed">
                  {t("shell.search")}
                </Text>
                <Kbd size="xs">Ctrl K</Kbd>
              </Group>
            </UnstyledButton>
            <ActionIcon
              hiddenFrom="sm"
              variant="default"
              size="lg"
              onClick={openPalette}
              aria-label={t("shell.search")}
            >
              <IconSearch size={18} />
            </ActionIcon>
            <Menu position="bottom-end" width={240}>
              <Menu.Target>
                <ActionIcon variant="transparent" size="lg" aria-label={t("shell.account")}>
                  <Avatar radius="xl" size={32} color="brand" variant="filled">
                    <IconUser size={20} aria-hidden />
                  </Avatar>
                </ActionIcon>
              </Menu.Target>
              <Menu.Dropdown>
                <Menu.Label>{me?.name}</Menu.Label>
                <Menu.Item component={Link} to="/me" leftSection={<IconUserCircle size={16} />}>
                  {t("shell.account")}
                </Menu.Item>
                <Menu.Item
                  leftSection={colorScheme === "dark" ? <IconSun size={16} /> : <IconMoon size={16} />}
                  onClick={() => setColorScheme(colorScheme === "dark" ? "light" : "dark")}
                >
                  {colorScheme === "dark" ? t("shell.light") : t("shell.dark")}
                </Menu.Item>
                <Menu.Divider />
                <Menu.Label>
                  <IconLanguage size={14} aria-hidden /> {t("shell.language")}
                </Menu.Label>
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
                <Menu.Divider />
                <Menu.Item leftSection={<IconLogout size={16} />} onClick={leave}>
                  {t("shell.sign_out")}
                </Menu.Item>
              </Menu.Dropdown>
            </Menu>
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="xs" component="nav" aria-label={t("shell.menu")}>
        <AppShell.Section grow component={ScrollArea}>
          {SECTIONS.map((section) => {
            const shown = PAGES.filter((page) => page.menu === section && may(page.permission));
            return (
              shown.length > 0 && (
                <div key={section}>
                  <Text size="xs" fw={700} c="dimmed" px="sm" pt="sm" pb={4}>
                    {t(`shell.section_${section}`)}
                  </Text>
                  {shown.map((page) => {
                    const Icon = page.icon;
                    const here =
                      page.path === "/"
                        ? pathname === "/"
                        : pathname === page.path || pathname.startsWith(`${page.path}/`);
                    return (
                      <Tooltip
                        key={page.path}
                        label={`g ${page.shortcut}`}
                        disabled={!page.shortcut}
                        position="right"
                      >
                        <NavLink
                          component={Link}
                          to={page.path}
                          active={here}
                          aria-current={here ? "page" : undefined}
                          label={t(page.title)}
                          leftSection={Icon && <Icon size={18} aria-hidden />}
                          style={{ borderRadius: 8 }}
                        />
                      </Tooltip>
                    );
                  })}
                </div>
              )
            );
          })}
        </AppShell.Section>
      </AppShell.Navbar>
      <AppShell.Main id="main" tabIndex={-1}>
        <Outlet />
        <Palette />
        <Shortcuts />
      </AppShell.Main>
    </AppShell>
  );
}
