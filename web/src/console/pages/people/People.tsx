// Who may sign in, and as what.

import { type Column, DataTable } from "@kit/ui/DataTable";
import { Empty, Lines, Problem } from "@kit/ui/feedback";
import { Page } from "@kit/ui/Page";
import { Time } from "@kit/ui/Time";
import { Badge, Button, Group, Stack, Text } from "@mantine/core";
import { IconShieldCheck, IconShieldOff, IconUserPlus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useMay, useMe } from "../../session";
import { AddPerson } from "./AddPerson";
import { ChangePerson } from "./ChangePerson";
import { OneTimePassword } from "./OneTimePassword";
import { PersonMenu } from "./PersonMenu";
import { type NewPerson, type Person, peopleQuery } from "./people";

function Standing({ person }: { person: Person }) {
  const { t } = useTranslation();
  if (!person.active)
    return (
      <Badge tt="none" variant="outline" color="gray" c="inherit">
        {t("people.inactive")}
      </Badge>
    );
  if (person.invited_until)
    return (
      <Badge tt="none" variant="outline" color="blue" c="inherit">
        {t("people.waiting")}
      </Badge>
    );
  if (person.must_change_password)
    return (
      <Badge tt="none" variant="outline" color="orange" c="inherit">
        {t("people.one_time")}
      </Badge>
    );
  return (
    <Badge tt="none" variant="outline" color="green" c="inherit">
      {t("people.active")}
    </Badge>
  );
}

function Factor({ person }: { person: Person }) {
  const { t } = useTranslation();
  const Shape = person.second_factor ? IconShieldCheck : IconShieldOff;
  return (
    <Group gap={4} wrap="nowrap" display="inline-flex">
      <Shape size={16} aria-hidden />
      <span>{person.second_factor ? t("people.has_factor") : t("people.no_factor")}</span>
    </Group>
  );
}

export default function People() {
  const { t } = useTranslation();
  const me = useMe();
  const may = useMay();
  const people = useQuery(peopleQuery);
  const [adding, setAdding] = useState(false);
  const [changing, setChanging] = useState<Person>();
  const [made, setMade] = useState<NewPerson>();
  const manages = may("people:manage");
  const menu = (person: Person) =>
    manages && (
      <PersonMenu person={person} self={person.id === me?.id} onChange={setChanging} onPassword={setMade} />
    );
  const columns: Column<Person>[] = [
    {
      key: "name",
      title: t("me.name"),
      width: "minmax(9rem, 1.5fr)",
      fixed: true,
      render: (person) => (
        <>
          {person.name || person.login}
          {person.id === me?.id && ` (${t("people.you")})`}
        </>
      ),
    },
    {
      key: "login",
      title: t("people.login"),
      width: "minmax(10rem, 1.5fr)",
      render: (person) => <bdi>{person.login}</bdi>,
    },
    {
      key: "role",
      title: t("people.role"),
      width: "minmax(6rem, 1fr)",
      render: (person) => t(`roles.${person.role}`),
    },
    {
      key: "standing",
      title: t("people.standing"),
      width: "10rem",
      render: (person) => <Standing person={person} />,
    },
    { key: "factor", title: t("factors.title"), render: (person) => <Factor person={person} /> },
    {
      key: "seen",
      title: t("people.last_login"),
      render: (person) => (person.last_login_at ? <Time at={person.last_login_at} /> : t("people.never")),
    },
    {
      key: "created",
      title: t("people.added"),
      hidden: true,
      render: (person) => <Time at={person.created_at} mode="date" />,
    },
    { key: "menu", title: t("people.do"), width: "5rem", fixed: true, end: true, render: menu },
  ];
  return (
    <Page
      title={t("people.title")}
      subtitle={t("people.subtitle")}
      actions={
        manages && (
          <Button leftSection={<IconUserPlus size={18} />} onClick={() => setAdding(true)}>
            {t("people.add")}
          </Button>
        )
      }
    >
      {people.isPending && <Lines />}
      {people.error && <Problem error={people.error} retry={() => people.refetch()} />}
      {people.data && (
        <DataTable
          name="people"
          label={t("people.title")}
          rows={people.data.items}
          columns={manages ? columns : columns.slice(0, -1)}
          keyOf={(person) => person.id}
          cardHeight={112}
          card={(person) => (
            <Group justify="space-between" wrap="nowrap" align="flex-start">
              <Stack gap={2} style={{ minWidth: 0 }}>
                <Text fw={600} truncate>
                  {person.name || person.login}
                  {person.id === me?.id && ` (${t("people.you")})`}
                </Text>
                <Text size="sm" c="dimmed" truncate>
                  <bdi>{person.login}</bdi> · {t(`roles.${person.role}`)}
                </Text>
                <Group gap="xs">
                  <Standing person={person} />
                  <Text span size="sm">
                    <Factor person={person} />
                  </Text>
                </Group>
              </Stack>
              {menu(person)}
            </Group>
          )}
          empty={<Empty title={t("people.empty")}>{t("people.subtitle")}</Empty>}
        />
      )}
      <AddPerson opened={adding} onClose={() => setAdding(false)} onMade={setMade} />
      {changing && <ChangePerson person={changing} onClose={() => setChanging(undefined)} />}
      <OneTimePassword made={made} onClose={() => setMade(undefined)} />
    </Page>
  );
}
