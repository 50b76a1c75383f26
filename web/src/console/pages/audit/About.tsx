// What an act was about; a link where there is a page for it.
import { Anchor } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import type { Entry } from "./asking";

const PAGES: Record<string, (id: string) => string> = {
  station: (id) => `/stations/${id}`,
  location: (id) => `/locations/${id}`,
  token: (id) => `/tokens/${id}`,
  account: (id) => `/accounts/${id}`,
  person: () => "/people",
  key: () => "/keys",
};

export function About({ about }: { about: Entry["about"] }) {
  if (!about) return null;
  const label = about.label || about.id.slice(-6);
  const page = PAGES[about.type];
  if (!page) return <bdi>{about.label}</bdi>;
  return (
    <Anchor component={Link} to={page(about.id) as "/"} size="sm">
      <bdi>{label}</bdi>
    </Anchor>
  );
}
