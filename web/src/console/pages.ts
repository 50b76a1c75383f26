// Every page of the console: where it is, what it is called, who may see it, and what draws it.
//
// A line here is all it takes to add one: the menu, the palette, the titles and the browser tests follow it.
import {
  IconBolt,
  IconBuilding,
  IconCalendarTime,
  IconChargingPile,
  IconCreditCard,
  IconGauge,
  IconHistory,
  IconKey,
  IconMap2,
  IconMapPin,
  IconPackage,
  IconPalette,
  IconPlugConnected,
  IconRoute,
  IconSend,
  IconSettings,
  IconShield,
  IconShieldCheck,
  IconStack2,
  IconUsers,
  IconUsersGroup,
  type TablerIcon,
} from "@tabler/icons-react";
import type { ComponentType } from "react";
import type { Permission } from "./session";

export interface PageEntry {
  path: string;
  // Key of its title.
  title: string;
  permission: Permission;
  load: () => Promise<{ default: ComponentType }>;
  // Where the menu shows it; none for pages one comes to from others.
  menu?: "watch" | "care" | "access" | "manage";
  icon?: TablerIcon;
  // The letter after g that leads there.
  shortcut?: string;
}

// Pages for who is not signed in stand outside the frame.
export interface OpenPageEntry {
  path: string;
  title: string;
  load: () => Promise<{ default: ComponentType }>;
}

export const PAGES: PageEntry[] = [
  {
    path: "/",
    title: "overview.title",
    permission: "stations:read",
    load: () => import("./pages/overview/Overview"),
    menu: "watch",
    icon: IconGauge,
    shortcut: "o",
  },
  {
    path: "/map",
    title: "map_page.title",
    permission: "locations:read",
    load: () => import("./pages/map/MapPage"),
    menu: "watch",
    icon: IconMap2,
    shortcut: "m",
  },
  {
    path: "/stations",
    title: "stations.title",
    permission: "stations:read",
    load: () => import("./pages/stations/Stations"),
    menu: "watch",
    icon: IconChargingPile,
    shortcut: "c",
  },
  {
    path: "/stations/$station",
    title: "station.title",
    permission: "stations:read",
    load: () => import("./pages/station/Station"),
  },
  {
    path: "/sessions",
    title: "sessions.title",
    permission: "sessions:read",
    load: () => import("./pages/sessions/Sessions"),
    menu: "watch",
    icon: IconBolt,
    shortcut: "s",
  },
  {
    path: "/sessions/$session",
    title: "sessions.title",
    permission: "sessions:read",
    load: () => import("./pages/session/SessionPage"),
  },
  {
    path: "/locations",
    title: "locations.title",
    permission: "locations:read",
    load: () => import("./pages/locations/Locations"),
    menu: "watch",
    icon: IconMapPin,
    shortcut: "l",
  },
  {
    path: "/locations/$location",
    title: "locations.one",
    permission: "locations:read",
    load: () => import("./pages/locations/LocationPage"),
  },
  {
    path: "/onboarding",
    title: "onboarding.title",
    permission: "stations:admit",
    load: () => import("./pages/onboarding/NewCharger"),
    menu: "watch",
    icon: IconPlugConnected,
    shortcut: "n",
  },
  {
    path: "/onboarding/strangers",
    title: "onboarding.strangers",
    permission: "tenants:manage",
    load: () => import("./pages/onboarding/Strangers"),
  },
  {
    path: "/onboarding/$station",
    title: "onboarding.title",
    permission: "stations:read",
    load: () => import("./pages/onboarding/Waiting"),
  },
  {
    path: "/station-groups",
    title: "care.groups",
    permission: "stations:read",
    load: () => import("./pages/care/StationGroups"),
    menu: "care",
    icon: IconStack2,
  },
  {
    path: "/station-groups/$group",
    title: "care.groups",
    permission: "stations:read",
    load: () => import("./pages/care/StationGroupPage"),
  },
  {
    path: "/rollouts",
    title: "care.rollouts",
    permission: "stations:read",
    load: () => import("./pages/care/Rollouts"),
    menu: "care",
    icon: IconRoute,
    shortcut: "d",
  },
  {
    path: "/rollouts/new",
    title: "care.declare",
    permission: "desired:write",
    load: () => import("./pages/care/Declare"),
  },
  {
    path: "/rollouts/$rollout",
    title: "care.rollout",
    permission: "stations:read",
    load: () => import("./pages/care/RolloutPage"),
  },
  {
    path: "/batches",
    title: "care.batches",
    permission: "commands:read",
    load: () => import("./pages/care/Batches"),
    menu: "care",
    icon: IconSend,
  },
  {
    path: "/firmware",
    title: "care.firmware",
    permission: "stations:read",
    load: () => import("./pages/care/Firmware"),
    menu: "care",
    icon: IconPackage,
    shortcut: "f",
  },
  {
    path: "/security",
    title: "care.security",
    permission: "security:read",
    load: () => import("./pages/care/Security"),
    menu: "care",
    icon: IconShield,
  },
  {
    path: "/reservations",
    title: "reservations.title",
    permission: "sessions:read",
    load: () => import("./pages/reservations/Reservations"),
    menu: "access",
    icon: IconCalendarTime,
    shortcut: "r",
  },
  {
    path: "/tokens",
    title: "access.tokens",
    permission: "tokens:read",
    load: () => import("./pages/access/Tokens"),
    menu: "access",
    icon: IconCreditCard,
    shortcut: "t",
  },
  {
    path: "/tokens/$token",
    title: "access.token",
    permission: "tokens:read",
    load: () => import("./pages/access/TokenPage"),
  },
  {
    path: "/accounts",
    title: "access.accounts",
    permission: "tokens:read",
    load: () => import("./pages/access/Accounts"),
    menu: "access",
    icon: IconUsers,
    shortcut: "a",
  },
  {
    path: "/accounts/$account",
    title: "access.account",
    permission: "tokens:read",
    load: () => import("./pages/access/AccountPage"),
  },
  {
    path: "/groups",
    title: "access.groups",
    permission: "tokens:read",
    load: () => import("./pages/access/Groups"),
    menu: "access",
    icon: IconUsersGroup,
  },
  {
    path: "/policies",
    title: "access.rules",
    permission: "tokens:read",
    load: () => import("./pages/access/Policies"),
    menu: "access",
    icon: IconShieldCheck,
    shortcut: "u",
  },
  {
    path: "/policies/$policy",
    title: "access.rules",
    permission: "tokens:read",
    load: () => import("./pages/access/PolicyPage"),
  },
  {
    path: "/holidays",
    title: "access.holidays",
    permission: "tokens:read",
    load: () => import("./pages/access/Holidays"),
  },
  {
    path: "/authoriser",
    title: "access.authoriser",
    permission: "tokens:read",
    load: () => import("./pages/access/Authoriser"),
  },
  { path: "/me", title: "me.title", permission: "self", load: () => import("./pages/me/Me") },
  {
    path: "/people",
    title: "people.title",
    permission: "people:read",
    load: () => import("./pages/people/People"),
    menu: "manage",
    icon: IconUsers,
    shortcut: "p",
  },
  {
    path: "/keys",
    title: "keys.title",
    permission: "keys:manage",
    load: () => import("./pages/keys/Keys"),
    menu: "manage",
    icon: IconKey,
    shortcut: "k",
  },
  {
    path: "/organisation",
    title: "organisation.title",
    permission: "organisation:read",
    load: () => import("./pages/organisation/Organisation"),
    menu: "manage",
    icon: IconBuilding,
  },
  {
    path: "/branding",
    title: "branding.title",
    permission: "organisation:read",
    load: () => import("./pages/branding/Branding"),
    menu: "manage",
    icon: IconPalette,
    shortcut: "b",
  },
  {
    path: "/audit",
    title: "audit.title",
    permission: "audit:read",
    load: () => import("./pages/audit/Audit"),
    menu: "manage",
    icon: IconHistory,
    shortcut: "h",
  },
  {
    path: "/settings",
    title: "settings.title",
    permission: "tenants:manage",
    load: () => import("./pages/settings/Settings"),
    menu: "manage",
    icon: IconSettings,
  },
];

export const OPEN_PAGES: OpenPageEntry[] = [
  { path: "/sign-in", title: "sign_in.title", load: () => import("./pages/sign-in/SignIn") },
  { path: "/forgotten", title: "forgotten.title", load: () => import("./pages/sign-in/Forgotten") },
  { path: "/reset", title: "reset.title", load: () => import("./pages/sign-in/Reset") },
  { path: "/invitation", title: "invitation.title", load: () => import("./pages/sign-in/Invitation") },
  { path: "/set-up", title: "set_up.password_title", load: () => import("./pages/sign-in/SetUp") },
  { path: "/second-factor", title: "wall.title", load: () => import("./pages/sign-in/SecondFactorWall") },
];
